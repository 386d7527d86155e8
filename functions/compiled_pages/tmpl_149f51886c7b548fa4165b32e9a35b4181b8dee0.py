from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'result.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = missing
    pass
    parent_template = environment.get_template('base.html', 'result.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'result.html').make_module(context.get_all(), True, {'parts': l_0_parts})
    context.exported_vars.discard('parts')
    yield from parent_template.root_render_func(context)

def block_content(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    _block_vars = {}
    l_0_heading = resolve('heading')
    l_0_lines = resolve('lines')
    l_0_to = resolve('to')
    l_0_t = resolve('t')
    pass
    yield '<h1>'
    yield escape((undefined(name='heading') if l_0_heading is missing else l_0_heading))
    yield '</h1>\n<ul>\n'
    for (l_1_title, l_1_line) in (undefined(name='lines') if l_0_lines is missing else l_0_lines):
        l_1_parts = resolve('parts')
        _loop_vars = {}
        pass
        yield '<li class="note">'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_1_parts is missing else l_1_parts), 'name'), '', l_1_title, _loop_vars=_loop_vars))
        if l_1_line:
            pass
            yield '<br><b>'
            yield escape(l_1_line)
            yield '</b>'
        yield '</li>\n'
    l_1_title = l_1_line = l_1_parts = missing
    yield '</ul>\n<p class="links"><a class="button" href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.back', _block_vars=_block_vars))
    yield '</a></p>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=20&4=33&6=35&7=40&10=49'