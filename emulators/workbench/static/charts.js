/** Charts as simple SVG pictures: columns and lines. For other kinds it shows that they are not drawn. */

import { el } from './dom.js';
import { colour } from './format.js';

const PALETTE = ['#4285f4', '#ea4335', '#fbbc04', '#34a853', '#ff6d01', '#46bdc6'];
const MARGIN = { top: 44, right: 20, bottom: 40, left: 52 };

function svg(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  node.append(...children);
  return node;
}

/** Draws a chart. `read` returns the cells of GridRanges. */
export async function drawChart(spec, { width, height, read }) {
  const chart = spec.basicChart;
  if (!chart || !['COLUMN', 'LINE', 'COMBO'].includes(chart.chartType)) {
    return el('div', { class: 'chart-missing' }, 'Этот вид диаграмм в мастерской не рисуется');
  }
  const sources = (data) => data.sourceRange.sources[0];
  const domainSource = chart.domains?.[0] ? sources(chart.domains[0].domain) : null;
  const seriesSources = chart.series.map(({ series }) => sources(series));
  const cells = await read(domainSource ? [domainSource, ...seriesSources] : seriesSources);
  const headers = chart.headerCount ?? 0;
  const domain = domainSource ? cells.shift().shown.slice(headers) : [];
  const series = chart.series.map((one, index) => ({
    name: headers ? cells[index].shown[0] : '',
    values: cells[index].plain.slice(headers).map((value) => (typeof value === 'number' ? value : null)),
    colour: colour(one.colorStyle, one.color) ?? PALETTE[index % PALETTE.length],
    isLine: (one.type ?? chart.chartType) === 'LINE',
  }));
  return picture({ title: spec.title ?? '', domain, series, width, height });
}

function picture({ title, domain, series, width, height }) {
  const count = Math.max(1, domain.length, ...series.map(({ values }) => values.length));
  const top = niceTop(Math.max(0, ...series.flatMap(({ values }) => values.filter((value) => value !== null))));
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const x = (index) => MARGIN.left + (inner.width * (index + 0.5)) / count;
  const y = (value) => MARGIN.top + inner.height * (1 - value / top);
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': title });
  root.append(svg('text', { x: 16, y: 26, class: 'chart-title' }, title));
  for (let step = 0; step <= 4; step += 1) {
    const value = (top * step) / 4;
    root.append(
      svg('line', { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value), class: 'chart-grid' }),
      svg('text', { x: MARGIN.left - 8, y: y(value) + 4, class: 'chart-axis', 'text-anchor': 'end' }, number(value)),
    );
  }
  domain.forEach((text, index) => {
    root.append(svg('text', { x: x(index), y: height - 16, class: 'chart-axis', 'text-anchor': 'middle' }, String(text)));
  });
  const columns = series.filter(({ isLine }) => !isLine);
  const columnWidth = Math.min(36, (inner.width / count) * 0.7) / Math.max(1, columns.length);
  columns.forEach((one, place) => {
    one.values.forEach((value, index) => {
      if (value !== null) {
        const left = x(index) + (place - columns.length / 2) * columnWidth;
        root.append(
          svg('rect', { x: left, y: y(value), width: columnWidth - 1, height: y(0) - y(value), fill: one.colour }),
        );
      }
    });
  });
  for (const one of series.filter(({ isLine }) => isLine)) {
    const points = one.values.map((value, index) => [x(index), value]).filter(([, value]) => value !== null);
    const path = points.map(([left, value]) => `${left},${y(value)}`).join(' ');
    root.append(svg('polyline', { points: path, fill: 'none', stroke: one.colour, 'stroke-width': 2 }));
    points.forEach(([left, value]) => root.append(svg('circle', { cx: left, cy: y(value), r: 3, fill: one.colour })));
  }
  root.append(...legend(series, width));
  return root;
}

function legend(series, width) {
  let right = width - MARGIN.right;
  return series
    .filter(({ name }) => name)
    .reverse()
    .flatMap((one) => {
      const text = svg('text', { x: right, y: 26, class: 'chart-axis', 'text-anchor': 'end' }, one.name);
      right -= one.name.length * 7 + 12;
      const mark = svg('rect', { x: right, y: 17, width: 9, height: 9, rx: 2, fill: one.colour });
      right -= 14;
      return [text, mark];
    });
}

/** The end of an axis, above the largest value; its quarters are short numbers. */
function niceTop(value) {
  if (value <= 0) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].map((factor) => factor * power).find((candidate) => candidate >= value);
}

function number(value) {
  return new Intl.NumberFormat('ru', { maximumFractionDigits: 2 }).format(value);
}
