from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'request_result.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = l_0_own = missing
    pass
    parent_template = environment.get_template('base.html', 'request_result.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'request_result.html').make_module(context.get_all(), True, {'own': l_0_own, 'parts': l_0_parts})
    context.exported_vars.discard('parts')
    l_0_own = context.vars['own'] = environment.get_template('request_parts.html', 'request_result.html').make_module(context.get_all(), True, {'own': l_0_own, 'parts': l_0_parts})
    context.exported_vars.discard('own')
    yield from parent_template.root_render_func(context)

def block_content(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    _block_vars = {}
    l_0_heading = resolve('heading')
    l_0_human_number = resolve('human_number')
    l_0_state = resolve('state')
    l_0_own = resolve('own')
    l_0_told = resolve('told')
    l_0_t = resolve('t')
    l_0_to = resolve('to')
    pass
    yield '<h1>'
    yield escape((undefined(name='heading') if l_0_heading is missing else l_0_heading))
    yield '</h1>\n<p class="state">'
    yield escape((undefined(name='human_number') if l_0_human_number is missing else l_0_human_number))
    yield ': <b>'
    yield escape((undefined(name='state') if l_0_state is missing else l_0_state))
    yield '</b></p>\n'
    yield escape(context.call(environment.getattr((undefined(name='own') if l_0_own is missing else l_0_own), 'told'), (undefined(name='told') if l_0_told is missing else l_0_told), _block_vars=_block_vars))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.where_seen', _block_vars=_block_vars))
    yield '</p>\n<p class="small">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.corrected_below', _block_vars=_block_vars))
    yield '</p>\n<p class="links"><a class="button" href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.back', _block_vars=_block_vars))
    yield '</a></p>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=18&4=22&5=38&6=40&7=44&8=46&9=48&10=50'