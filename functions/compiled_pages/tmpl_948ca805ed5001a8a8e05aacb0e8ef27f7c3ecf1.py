from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'done.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = missing
    pass
    parent_template = environment.get_template('base.html', 'done.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'done.html').make_module(context.get_all(), True, {'parts': l_0_parts})
    context.exported_vars.discard('parts')
    yield from parent_template.root_render_func(context)

def block_content(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    _block_vars = {}
    l_0_to = resolve('to')
    l_0_t = resolve('t')
    l_0_c = resolve('c')
    l_0_drawn_at = resolve('drawn_at')
    l_0_moment = resolve('moment')
    try:
        t_1 = environment.tests['none']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No test named 'none' found.")
    pass
    yield '<p class="links noprint"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.back', _block_vars=_block_vars))
    yield '</a></p>\n<h1>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.done_heading', _block_vars=_block_vars))
    yield '</h1>\n<p dir="auto">'
    yield escape((environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'client') or ''))
    if (environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'client') and environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'project')):
        pass
        yield ' — '
    yield escape((environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'project') or ''))
    yield '</p>\n<table>\n<thead><tr><th scope="col">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.column_work', _block_vars=_block_vars))
    yield '</th><th scope="col">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.column_day', _block_vars=_block_vars))
    yield '</th><th scope="col" class="n">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.column_hours', _block_vars=_block_vars))
    yield '</th></tr></thead>\n<tbody>\n'
    for l_1_one in (environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'done') or []):
        l_1_parts = resolve('parts')
        l_1_day = resolve('day')
        l_1_number = resolve('number')
        _loop_vars = {}
        pass
        yield '<tr><td>'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_1_parts is missing else l_1_parts), 'name'), environment.getattr(l_1_one, 'code'), environment.getattr(l_1_one, 'title'), _loop_vars=_loop_vars))
        if environment.getattr(l_1_one, 'approved_on'):
            pass
            yield '<br><span class="small">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.approved', day=context.call((undefined(name='day') if l_1_day is missing else l_1_day), environment.getattr(l_1_one, 'approved_on'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
            yield '</span>'
        yield '</td><td>'
        if environment.getattr(l_1_one, 'on'):
            pass
            yield escape(context.call((undefined(name='day') if l_1_day is missing else l_1_day), environment.getattr(l_1_one, 'on'), _loop_vars=_loop_vars))
        yield '</td><td class="n">'
        if (not t_1(environment.getattr(l_1_one, 'hours'))):
            pass
            yield escape(context.call((undefined(name='number') if l_1_number is missing else l_1_number), environment.getattr(l_1_one, 'hours'), _loop_vars=_loop_vars))
        yield '</td></tr>\n'
    l_1_one = l_1_parts = l_1_day = l_1_number = missing
    yield '</tbody>\n</table>\n'
    if (undefined(name='drawn_at') if l_0_drawn_at is missing else l_0_drawn_at):
        pass
        yield '<p class="small">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.drawn', moment=context.call((undefined(name='moment') if l_0_moment is missing else l_0_moment), (undefined(name='drawn_at') if l_0_drawn_at is missing else l_0_drawn_at), _block_vars=_block_vars), _block_vars=_block_vars))
        yield '</p>'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=20&4=40&5=44&6=46&8=52&10=58&11=65&15=82'