from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'main.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = missing
    pass
    parent_template = environment.get_template('base.html', 'main.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'main.html').make_module(context.get_all(), True, {'parts': l_0_parts})
    context.exported_vars.discard('parts')
    yield from parent_template.root_render_func(context)

def block_content(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    _block_vars = {}
    l_0_c = resolve('c')
    l_0_t = resolve('t')
    l_0_parts = resolve('parts')
    l_0_errors = resolve('errors')
    l_0_day = resolve('day')
    l_0_drawn_at = resolve('drawn_at')
    l_0_may_act = resolve('may_act')
    l_0_waiting = resolve('waiting')
    l_0_namespace = resolve('namespace')
    l_0_silent = resolve('silent')
    l_0_to = resolve('to')
    l_0_waiting_more = resolve('waiting_more')
    l_0_decided = resolve('decided')
    l_0_writing = resolve('writing')
    l_0_hours = resolve('hours')
    l_0_safe_url = resolve('safe_url')
    l_0_moment = resolve('moment')
    l_0_other_locale = resolve('other_locale')
    try:
        t_1 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    try:
        t_2 = environment.filters['list']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'list' found.")
    try:
        t_3 = environment.filters['reject']
    except KeyError:
        @internalcode
        def t_3(*unused):
            raise TemplateRuntimeError("No filter named 'reject' found.")
    try:
        t_4 = environment.filters['string']
    except KeyError:
        @internalcode
        def t_4(*unused):
            raise TemplateRuntimeError("No filter named 'string' found.")
    try:
        t_5 = environment.tests['none']
    except KeyError:
        @internalcode
        def t_5(*unused):
            raise TemplateRuntimeError("No test named 'none' found.")
    pass
    yield '<p class="small" dir="auto">'
    yield escape((environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'client') or ''))
    yield '</p>\n<h1 dir="auto">'
    yield escape((environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'project') or context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.untitled', _block_vars=_block_vars)))
    yield '</h1>\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'errors'), (undefined(name='errors') if l_0_errors is missing else l_0_errors), _block_vars=_block_vars))
    yield '\n'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'state'):
        pass
        yield '<p class="state">'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'state'), _block_vars=_block_vars))
        yield '</p>'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'next_due'):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.next_due', _block_vars=_block_vars))
        yield ' <b>'
        yield escape(context.call((undefined(name='day') if l_0_day is missing else l_0_day), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'next_due'), _block_vars=_block_vars))
        yield '</b></p>'
    if (not (undefined(name='drawn_at') if l_0_drawn_at is missing else l_0_drawn_at)):
        pass
        yield '<p class="note">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.preparing', _block_vars=_block_vars))
        yield '</p>'
    yield '\n<h2 id="waiting">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.waiting', _block_vars=_block_vars))
    yield '</h2>\n'
    if (not (undefined(name='may_act') if l_0_may_act is missing else l_0_may_act)):
        pass
        yield '<p class="note">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.look_only', _block_vars=_block_vars))
        yield '</p>'
    if ((not (undefined(name='waiting') if l_0_waiting is missing else l_0_waiting)) and (not environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'needs'))):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.waiting_none', _block_vars=_block_vars))
        yield '</p>'
    if (undefined(name='waiting') if l_0_waiting is missing else l_0_waiting):
        pass
        l_0_silent = context.call((undefined(name='namespace') if l_0_namespace is missing else l_0_namespace), any=False, _block_vars=_block_vars)
        _block_vars['silent'] = l_0_silent
        if (undefined(name='may_act') if l_0_may_act is missing else l_0_may_act):
            pass
            yield '<form method="post" action="'
            yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'accept', _block_vars=_block_vars))
            yield '">'
        for l_1_one in (undefined(name='waiting') if l_0_waiting is missing else l_0_waiting):
            l_1_waited = resolve('waited')
            l_1_days = missing
            _loop_vars = {}
            pass
            yield '<div class="card">\n<h3>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'name'), environment.getattr(l_1_one, 'code'), environment.getattr(l_1_one, 'title'), _loop_vars=_loop_vars))
            yield '</h3>\n<p class="small">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.shown', day=context.call((undefined(name='day') if l_0_day is missing else l_0_day), environment.getattr(l_1_one, 'shown_on'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
            if (environment.getattr(l_1_one, 'round') > 1):
                pass
                yield ' · '
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.round', number=t_4(environment.getattr(l_1_one, 'round')), _loop_vars=_loop_vars))
            yield ' · '
            yield escape(context.call((undefined(name='hours') if l_0_hours is missing else l_0_hours), environment.getattr(l_1_one, 'hours'), _loop_vars=_loop_vars))
            yield '</p>\n'
            if environment.getattr(l_1_one, 'result_url'):
                pass
                yield '<p>'
                yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'result'), environment.getattr(l_1_one, 'result_url'), _loop_vars=_loop_vars))
                yield '</p>'
            l_1_days = context.call((undefined(name='waited') if l_1_waited is missing else l_1_waited), l_1_one, _loop_vars=_loop_vars)
            _loop_vars['days'] = l_1_days
            if (undefined(name='days') if l_1_days is missing else l_1_days):
                pass
                yield '<p class="late">'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.waited', count=(undefined(name='days') if l_1_days is missing else l_1_days), _loop_vars=_loop_vars))
                yield '</p>'
                if not isinstance(l_0_silent, Namespace):
                    raise TemplateRuntimeError("cannot assign attribute on non-namespace object")
                l_0_silent['any'] = True
            if (undefined(name='may_act') if l_0_may_act is missing else l_0_may_act):
                pass
                yield '<input type="hidden" name="seen_'
                yield escape(environment.getattr(l_1_one, 'number'))
                yield '" value="'
                yield escape(environment.getattr(l_1_one, 'fingerprint'))
                yield '">\n'
                if (t_1((undefined(name='waiting') if l_0_waiting is missing else l_0_waiting)) > 1):
                    pass
                    yield '<label class="tick"><input type="checkbox" name="n" value="'
                    yield escape(environment.getattr(l_1_one, 'number'))
                    yield '">'
                    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.tick', _loop_vars=_loop_vars))
                    yield '</label>'
                yield '<button class="yes" name="one" value="'
                yield escape(environment.getattr(l_1_one, 'number'))
                yield '">'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.accept', _loop_vars=_loop_vars))
                yield '</button>\n<a class="button no" href="'
                yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'return', n=environment.getattr(l_1_one, 'number'), _loop_vars=_loop_vars))
                yield '">'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.return', _loop_vars=_loop_vars))
                yield '</a>\n'
            yield '</div>\n'
        l_1_one = l_1_waited = l_1_days = missing
        if ((undefined(name='may_act') if l_0_may_act is missing else l_0_may_act) and (t_1((undefined(name='waiting') if l_0_waiting is missing else l_0_waiting)) > 1)):
            pass
            yield '<button class="yes">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.accept_ticked', _block_vars=_block_vars))
            yield '</button>'
        if (undefined(name='may_act') if l_0_may_act is missing else l_0_may_act):
            pass
            yield '</form>'
        if ((undefined(name='may_act') if l_0_may_act is missing else l_0_may_act) and environment.getattr((undefined(name='silent') if l_0_silent is missing else l_0_silent), 'any')):
            pass
            yield '<p>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.silence', _block_vars=_block_vars))
            yield '</p>'
        if (undefined(name='waiting_more') if l_0_waiting_more is missing else l_0_waiting_more):
            pass
            yield '<p>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.waiting_more', count=(undefined(name='waiting_more') if l_0_waiting_more is missing else l_0_waiting_more), _block_vars=_block_vars))
            yield '</p>'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'needs'):
        pass
        yield '<h3>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.needs', _block_vars=_block_vars))
        yield '</h3>\n<ul>\n'
        for l_1_one in environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'needs'):
            _loop_vars = {}
            pass
            yield '<li>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), environment.getattr(l_1_one, 'text'), _loop_vars=_loop_vars))
            if environment.getattr(l_1_one, 'due_on'):
                pass
                yield '<br><span class="small">'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.until', day=context.call((undefined(name='day') if l_0_day is missing else l_0_day), environment.getattr(l_1_one, 'due_on'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
                yield '</span>'
            if (undefined(name='may_act') if l_0_may_act is missing else l_0_may_act):
                pass
                yield '<form method="post" action="'
                yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'need', _loop_vars=_loop_vars))
                yield '"><input type="hidden" name="line" value="'
                yield escape(environment.getattr(l_1_one, 'number'))
                yield '"><input type="hidden" name="ticked" value="1"><input type="hidden" name="text" value="'
                yield escape(environment.getattr(l_1_one, 'text'))
                yield '"><button>'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.need_done', _loop_vars=_loop_vars))
                yield '</button></form>'
            yield '</li>\n'
        l_1_one = missing
        yield '</ul>\n'
    yield '\n'
    if (undefined(name='decided') if l_0_decided is missing else l_0_decided):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.decided', _block_vars=_block_vars))
        yield '</h2>\n<ul>\n'
        for l_1_one in (undefined(name='decided') if l_0_decided is missing else l_0_decided):
            l_1_decided_line = resolve('decided_line')
            l_1_now = resolve('now')
            _loop_vars = {}
            pass
            yield '<li>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'name'), environment.getattr(l_1_one, 'code'), environment.getattr(l_1_one, 'title'), _loop_vars=_loop_vars))
            yield '<br><span class="small">'
            yield escape(context.call((undefined(name='decided_line') if l_1_decided_line is missing else l_1_decided_line), l_1_one, _loop_vars=_loop_vars))
            yield '</span>\n'
            if environment.getattr(environment.getattr(l_1_one, 'decided'), 'text'):
                pass
                yield '<br>'
                yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), environment.getattr(environment.getattr(l_1_one, 'decided'), 'text'), _loop_vars=_loop_vars))
            if ((undefined(name='may_act') if l_0_may_act is missing else l_0_may_act) and context.call(environment.getattr(environment.getattr(l_1_one, 'decided'), 'can_be_taken_back'), (undefined(name='now') if l_1_now is missing else l_1_now), _loop_vars=_loop_vars)):
                pass
                yield '<form method="post" action="'
                yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'undo', _loop_vars=_loop_vars))
                yield '"><input type="hidden" name="n" value="'
                yield escape(environment.getattr(l_1_one, 'number'))
                yield '"><input type="hidden" name="seen_'
                yield escape(environment.getattr(l_1_one, 'number'))
                yield '" value="'
                yield escape(environment.getattr(l_1_one, 'ordinal'))
                yield '"><button>'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.undo', until=context.call((undefined(name='moment') if l_0_moment is missing else l_0_moment), environment.getattr(environment.getattr(l_1_one, 'decided'), 'settles_at'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
                yield '</button></form>\n'
            yield '</li>\n'
        l_1_one = l_1_decided_line = l_1_now = missing
        yield '</ul>\n'
    yield '\n'
    if (undefined(name='may_act') if l_0_may_act is missing else l_0_may_act):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.write', _block_vars=_block_vars))
        yield '</h2>\n<p class="links">'
        for l_1_kind in (undefined(name='writing') if l_0_writing is missing else l_0_writing):
            _loop_vars = {}
            pass
            yield '<a class="button" href="'
            yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), l_1_kind, _loop_vars=_loop_vars))
            yield '">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('page.open_', l_1_kind, )), _loop_vars=_loop_vars))
            yield '</a>'
        l_1_kind = missing
        yield '</p>\n'
    yield '\n<h2>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.this_week', _block_vars=_block_vars))
    yield '</h2>\n'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'this_week'):
        pass
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'work'), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'this_week'), _block_vars=_block_vars))
    else:
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.nothing_now', _block_vars=_block_vars))
        yield '</p>'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'next_week'):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.next_week', _block_vars=_block_vars))
        yield '</h2>\n'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'work'), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'next_week'), _block_vars=_block_vars))
        yield '\n'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'later_count'):
        pass
        yield '<p class="small">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.later', count=environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'later_count'), _block_vars=_block_vars))
        yield '</p>'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'finish'):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.finish', _block_vars=_block_vars))
        yield ' '
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'finish'), _block_vars=_block_vars))
        yield '</p>'
    yield '\n'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'proposals'):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.proposals', _block_vars=_block_vars))
        yield '</h2>\n<ul>\n'
        l_1_loop = missing
        for l_1_one, l_1_loop in LoopContext(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'proposals'), undefined):
            l_1_own = resolve('own')
            _loop_vars = {}
            pass
            yield '<li>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'name'), environment.getattr(l_1_one, 'code'), environment.getattr(l_1_one, 'title'), _loop_vars=_loop_vars))
            yield '\n'
            if (((undefined(name='may_act') if l_0_may_act is missing else l_0_may_act) and (environment.getattr(l_1_one, 'number') in (undefined(name='own') if l_1_own is missing else l_1_own))) and (t_1((undefined(name='own') if l_1_own is missing else l_1_own)) > 1)):
                pass
                yield '<form method="post" action="'
                yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'priority', _loop_vars=_loop_vars))
                yield '"><input type="hidden" name="number" value="'
                yield escape(environment.getattr(l_1_one, 'number'))
                yield '">'
                if (not environment.getattr(l_1_loop, 'first')):
                    pass
                    yield '<button name="direction" value="up">'
                    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.up', _loop_vars=_loop_vars))
                    yield '</button>'
                if (not environment.getattr(l_1_loop, 'last')):
                    pass
                    yield '<button name="direction" value="down">'
                    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.down', _loop_vars=_loop_vars))
                    yield '</button>'
                yield '</form>'
            yield '</li>\n'
        l_1_loop = l_1_one = l_1_own = missing
        yield '</ul>\n'
    yield '\n'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'done'):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.done', _block_vars=_block_vars))
        yield '</h2>\n<ul>\n'
        for l_1_one in environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'done')[:5]:
            _loop_vars = {}
            pass
            yield '<li>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'name'), environment.getattr(l_1_one, 'code'), environment.getattr(l_1_one, 'title'), _loop_vars=_loop_vars))
            if environment.getattr(l_1_one, 'on'):
                pass
                yield '<br><span class="small">'
                yield escape(context.call((undefined(name='day') if l_0_day is missing else l_0_day), environment.getattr(l_1_one, 'on'), _loop_vars=_loop_vars))
                yield '</span>'
            yield '</li>\n'
        l_1_one = missing
        yield '</ul>\n<p class="links"><a href="'
        yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'done', _block_vars=_block_vars))
        yield '">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.done_all', count=t_1(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'done')), _block_vars=_block_vars))
        yield '</a></p>\n'
    yield '\n'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'hours'):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.hours', _block_vars=_block_vars))
        yield '</h2>\n<dl>\n'
        if (not t_5(environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'hours'), 'used'))):
            pass
            yield '<dt>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.hours_used', _block_vars=_block_vars))
            yield '</dt><dd>'
            yield escape(context.call((undefined(name='hours') if l_0_hours is missing else l_0_hours), environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'hours'), 'used'), _block_vars=_block_vars))
            yield '</dd>'
        if (not t_5(environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'hours'), 'left'))):
            pass
            yield '<dt>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.hours_left', _block_vars=_block_vars))
            yield '</dt><dd>'
            yield escape(context.call((undefined(name='hours') if l_0_hours is missing else l_0_hours), environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'hours'), 'left'), _block_vars=_block_vars))
            yield '</dd>'
        if (not t_5(environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'hours'), 'limit'))):
            pass
            yield '<dt>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.hours_limit', _block_vars=_block_vars))
            yield '</dt><dd>'
            yield escape(context.call((undefined(name='hours') if l_0_hours is missing else l_0_hours), environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'hours'), 'limit'), _block_vars=_block_vars))
            yield '</dd>'
        yield '</dl>\n'
        if (environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'period_start') and environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'period_end')):
            pass
            yield '<p class="small">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.period', start=context.call((undefined(name='day') if l_0_day is missing else l_0_day), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'period_start'), _block_vars=_block_vars), end=context.call((undefined(name='day') if l_0_day is missing else l_0_day), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'period_end'), _block_vars=_block_vars), _block_vars=_block_vars))
            yield '</p>'
    yield '\n'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'metrics'):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.metrics', _block_vars=_block_vars))
        yield '</h2>\n<ul>\n'
        for l_1_one in environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'metrics'):
            l_1_label = resolve('label')
            l_1_number = resolve('number')
            l_1_sparkline = resolve('sparkline')
            _loop_vars = {}
            pass
            yield '<li><span class="text" dir="auto">'
            yield escape(environment.getattr(l_1_one, 'name'))
            yield '</span>'
            if environment.getattr(l_1_one, 'state'):
                pass
                yield ': <b>'
                yield escape(context.call((undefined(name='label') if l_1_label is missing else l_1_label), 'state', environment.getattr(l_1_one, 'state'), _loop_vars=_loop_vars))
                yield '</b>'
            if ((not t_5(environment.getattr(l_1_one, 'last'))) or context.call(environment.getattr(l_1_one, 'get'), 'told', _loop_vars=_loop_vars)):
                pass
                yield '<br><span class="small">'
                if (not t_5(environment.getattr(l_1_one, 'last'))):
                    pass
                    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.metric', last=context.call((undefined(name='number') if l_1_number is missing else l_1_number), environment.getattr(l_1_one, 'last'), _loop_vars=_loop_vars), unit=environment.getattr(l_1_one, 'unit'), _loop_vars=_loop_vars))
                    if (not t_5(environment.getattr(l_1_one, 'target'))):
                        pass
                        yield ' · '
                        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.metric_target', target=context.call((undefined(name='number') if l_1_number is missing else l_1_number), environment.getattr(l_1_one, 'target'), _loop_vars=_loop_vars), unit=environment.getattr(l_1_one, 'unit'), _loop_vars=_loop_vars))
                if context.call(environment.getattr(l_1_one, 'get'), 'told', _loop_vars=_loop_vars):
                    pass
                    if (not t_5(environment.getattr(l_1_one, 'last'))):
                        pass
                        yield '<br>'
                    yield escape(environment.getattr(l_1_one, 'told'))
                yield '</span>'
            if context.call(environment.getattr(l_1_one, 'get'), 'points', _loop_vars=_loop_vars):
                pass
                yield '<br><svg class="line" viewBox="0 0 120 24" role="img" aria-label="'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.metric_points', values=t_2(context.eval_ctx, t_3(context, environment.getattr(l_1_one, 'points'), 'none')), _loop_vars=_loop_vars))
                yield '"><polyline points="'
                yield escape(context.call((undefined(name='sparkline') if l_1_sparkline is missing else l_1_sparkline), environment.getattr(l_1_one, 'points'), _loop_vars=_loop_vars))
                yield '"/></svg>'
            yield '</li>\n'
        l_1_one = l_1_label = l_1_number = l_1_sparkline = missing
        yield '</ul>\n'
    yield '\n'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'reports'):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.reports', _block_vars=_block_vars))
        yield '</h2>\n<ul>\n'
        for l_1_one in environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'reports'):
            _loop_vars = {}
            pass
            yield '<li><a href="'
            yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), markup_join(('report-', environment.getattr(l_1_one, 'number'), )), _loop_vars=_loop_vars))
            yield '" dir="auto">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.report', number=t_4(environment.getattr(l_1_one, 'number')), name=environment.getattr(l_1_one, 'name'), _loop_vars=_loop_vars))
            yield '</a><br><span class="small">'
            yield escape(context.call((undefined(name='day') if l_0_day is missing else l_0_day), environment.getattr(l_1_one, 'approved_on'), _loop_vars=_loop_vars))
            yield '</span></li>\n'
        l_1_one = missing
        yield '</ul>\n'
    yield '\n'
    if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'answers'):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.answers', _block_vars=_block_vars))
        yield '</h2>\n<ul>\n'
        for l_1_one in environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'answers'):
            _loop_vars = {}
            pass
            yield '<li>№ '
            yield escape(environment.getattr(l_1_one, 'number'))
            yield '. '
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), environment.getattr(l_1_one, 'text'), _loop_vars=_loop_vars))
            yield '<br>'
            if environment.getattr(l_1_one, 'answer'):
                pass
                yield '<b>'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.answer', _loop_vars=_loop_vars))
                yield '</b> '
                yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), environment.getattr(l_1_one, 'answer'), _loop_vars=_loop_vars))
            else:
                pass
                yield '<span class="small">'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.no_answer_yet', _loop_vars=_loop_vars))
                yield '</span>'
            yield '</li>\n'
        l_1_one = missing
        yield '</ul>\n'
    elif environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'questions'):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.questions', _block_vars=_block_vars))
        yield '</h2>\n<p>'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'questions'), _block_vars=_block_vars))
        yield '</p>\n'
    yield '\n'
    if ((environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'documents') or environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'chat_url')) or environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'contact')):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.contacts', _block_vars=_block_vars))
        yield '</h2>\n'
        if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'contact'):
            pass
            yield '<p>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.contact', _block_vars=_block_vars))
            yield ' '
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'contact'), _block_vars=_block_vars))
            yield '</p>'
        if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'documents'):
            pass
            yield '<p>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.documents', _block_vars=_block_vars))
            yield '<br>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'documents'), _block_vars=_block_vars))
            yield '</p>'
        if (context.call((undefined(name='safe_url') if l_0_safe_url is missing else l_0_safe_url), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'chat_url'), _block_vars=_block_vars) and (environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'chat_url') not in (environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'contact') or ''))):
            pass
            yield '<p class="links"><a href="'
            yield escape(context.call((undefined(name='safe_url') if l_0_safe_url is missing else l_0_safe_url), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'chat_url'), _block_vars=_block_vars))
            yield '" rel="noreferrer noopener nofollow">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.chat', _block_vars=_block_vars))
            yield '</a></p>'
    yield '<p class="small">'
    if (undefined(name='drawn_at') if l_0_drawn_at is missing else l_0_drawn_at):
        pass
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.drawn', moment=context.call((undefined(name='moment') if l_0_moment is missing else l_0_moment), (undefined(name='drawn_at') if l_0_drawn_at is missing else l_0_drawn_at), _block_vars=_block_vars), _block_vars=_block_vars))
    yield '</p>\n<p class="links"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', lang=(undefined(name='other_locale') if l_0_other_locale is missing else l_0_other_locale), _block_vars=_block_vars))
    yield '" lang="'
    yield escape((undefined(name='other_locale') if l_0_other_locale is missing else l_0_other_locale))
    yield '" hreflang="'
    yield escape((undefined(name='other_locale') if l_0_other_locale is missing else l_0_other_locale))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.other_language', _block_vars=_block_vars))
    yield '</a></p>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=20&4=77&5=79&6=81&7=83&8=88&9=95&11=101&12=103&13=108&14=113&15=115&16=117&17=122&19=128&20=130&21=138&22=143&23=145&24=153&25=156&26=160&27=168&28=172&32=178&33=183&34=186&35=191&37=196&38=199&40=201&41=205&42=211&48=226&49=229&51=231&52=237&53=241&54=245&55=248&62=262&63=265&64=267&67=278&68=280&69=288&70=291&71=293&73=295&74=300&76=308&77=311&79=314&80=319&81=321&87=343&88=346&90=348&91=352&94=361&97=366&98=369&100=371&101=378&102=385&104=393&107=399&108=402&110=404&111=411&112=418&113=435&119=446&120=449&122=451&123=455&128=464&129=467&131=469&132=473&135=491&136=494&137=496&140=499&141=502&142=504&143=511&144=518&146=526&147=530'