/** Projects of Asana in the words of the board: a project is a board, a subtask a step. */

import { asanaOf } from './api.js';

const CARD_FIELDS =
  'name,due_on,completed,assignee.name,memberships.section,memberships.project,num_subtasks,actual_time_minutes,custom_fields.name,custom_fields.number_value,notes';
const PLANNED = 'часы по плану';

export class AsanaSource {
  name = 'Asana';
  server = 'asana';

  /** Changes the person who works here. */
  as(person) {
    this.asana = asanaOf(person.email);
  }

  /** The project and the task that an address leads to, or null. */
  find(url) {
    const found = /\/0\/(\d+)\/(\d+|board|list)/.exec(url);
    return found ? { boardId: found[1], cardId: /^\d+$/.test(found[2]) ? found[2] : null } : null;
  }

  async boards() {
    const workspaces = await this.asana.get('/workspaces?opt_fields=name');
    const lists = await Promise.all(
      workspaces.map(async ({ gid, name }) =>
        (await this.asana.get(`/projects?workspace=${gid}&archived=false&opt_fields=name`)).map((project) => ({
          id: project.gid,
          title: project.name,
          place: name,
        })),
      ),
    );
    return lists.flat();
  }

  async read(boardId) {
    const [sections, tasks] = await Promise.all([
      this.asana.get(`/projects/${boardId}/sections`),
      this.asana.get(`/tasks?project=${boardId}&opt_fields=${CARD_FIELDS}`),
    ]);
    const steps = await Promise.all(tasks.map((task) => (task.num_subtasks ? this.subtasks(task.gid) : [])));
    return {
      columns: sections.map(({ gid, name }, place) => ({ id: gid, title: name, isDone: place === sections.length - 1 })),
      cards: tasks.map((task, place) => ({
        ...shown(task, steps[place]),
        columnId: task.memberships.find(({ project }) => project.gid === boardId)?.section.gid,
        doneSteps: steps[place].filter(({ completed }) => completed).length,
        steps: steps[place].length,
        person: task.assignee?.name ?? null,
      })),
    };
  }

  subtasks(taskId) {
    return this.asana.get(`/tasks/${taskId}/subtasks?opt_fields=name,completed,actual_time_minutes,assignee.name`);
  }

  async card(cardId) {
    const [task, steps, links] = await Promise.all([
      this.asana.get(`/tasks/${cardId}?opt_fields=${CARD_FIELDS}`),
      this.subtasks(cardId),
      this.asana.get(`/attachments?parent=${cardId}&opt_fields=name,view_url`),
    ]);
    const logs = await Promise.all([cardId, ...steps.map(({ gid }) => gid)].map((gid) => this.entries(gid)));
    return {
      ...shown(task, steps),
      people: task.assignee ? [task.assignee.name] : [],
      links: links.map(({ view_url: url, name }) => ({ url, title: name })),
      description: task.notes,
      lists: steps.length
        ? [{ title: 'Подзадачи', steps: steps.map(({ gid, name, completed }) => ({ id: gid, text: name, isDone: completed })) }]
        : [],
      logs: logs.flat(),
    };
  }

  /** Logged time, which not every plan has. */
  async entries(taskId) {
    try {
      const rows = await this.asana.get(
        `/tasks/${taskId}/time_tracking_entries?opt_fields=duration_minutes,entered_on,created_by.name`,
      );
      return rows.map((row) => ({ day: row.entered_on, person: row.created_by.name, minutes: row.duration_minutes }));
    } catch (error) {
      if (error.status === 402) {
        return [];
      }
      throw error;
    }
  }

  move(cardId, columnId) {
    return this.asana.post(`/sections/${columnId}/addTask`, { task: cardId });
  }

  finishStep(_cardId, stepId, isDone) {
    return this.asana.put(`/tasks/${stepId}`, { completed: isDone });
  }

  logTime(cardId, minutes, day) {
    return this.asana.post(`/tasks/${cardId}/time_tracking_entries`, { duration_minutes: minutes, entered_on: day });
  }
}

function shown(task, steps) {
  return {
    id: task.gid,
    title: task.completed ? `✓ ${task.name}` : task.name,
    dueOn: task.due_on,
    minutes: [task, ...steps].reduce((sum, row) => sum + (row.actual_time_minutes ?? 0), 0),
    plannedHours: task.custom_fields.find(({ name }) => name.includes(PLANNED))?.number_value ?? 0,
  };
}
