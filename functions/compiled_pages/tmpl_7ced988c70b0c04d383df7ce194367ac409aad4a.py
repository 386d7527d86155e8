from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'form.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = missing
    pass
    parent_template = environment.get_template('base.html', 'form.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'form.html').make_module(context.get_all(), True, {'parts': l_0_parts})
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
    l_0_kind = resolve('kind')
    l_0_item = resolve('item')
    l_0_parts = resolve('parts')
    l_0_errors = resolve('errors')
    l_0_hidden = resolve('hidden')
    l_0_fields = resolve('fields')
    l_0_typed = resolve('typed')
    l_0_wrong = resolve('wrong')
    l_0_options = resolve('options')
    pass
    yield '<p class="links"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.back', _block_vars=_block_vars))
    yield '</a></p>\n<h1>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('page.heading_', (undefined(name='kind') if l_0_kind is missing else l_0_kind), )), _block_vars=_block_vars))
    yield '</h1>\n'
    if (undefined(name='item') if l_0_item is missing else l_0_item):
        pass
        yield '<div class="card"><h2>'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'name'), environment.getattr((undefined(name='item') if l_0_item is missing else l_0_item), 'code'), environment.getattr((undefined(name='item') if l_0_item is missing else l_0_item), 'title'), _block_vars=_block_vars))
        yield '</h2>\n'
        if environment.getattr((undefined(name='item') if l_0_item is missing else l_0_item), 'result_url'):
            pass
            yield '<p>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'result'), environment.getattr((undefined(name='item') if l_0_item is missing else l_0_item), 'result_url'), _block_vars=_block_vars))
            yield '</p>'
        yield '</div>\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'errors'), (undefined(name='errors') if l_0_errors is missing else l_0_errors), _block_vars=_block_vars))
    yield '\n<form method="post" action="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), (undefined(name='kind') if l_0_kind is missing else l_0_kind), _block_vars=_block_vars))
    yield '">\n'
    for (l_1_name, l_1_value) in (undefined(name='hidden') if l_0_hidden is missing else l_0_hidden):
        _loop_vars = {}
        pass
        yield '<input type="hidden" name="'
        yield escape(l_1_name)
        yield '" value="'
        yield escape(l_1_value)
        yield '">\n'
    l_1_name = l_1_value = missing
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'fields'), (undefined(name='fields') if l_0_fields is missing else l_0_fields), (undefined(name='kind') if l_0_kind is missing else l_0_kind), (undefined(name='typed') if l_0_typed is missing else l_0_typed), (undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), (undefined(name='options') if l_0_options is missing else l_0_options), _block_vars=_block_vars))
    yield '\n<p class="small">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.no_personal_data', _block_vars=_block_vars))
    yield '</p>\n<button class="'
    yield escape(('no' if ((undefined(name='kind') if l_0_kind is missing else l_0_kind) == 'return') else 'yes'))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.further', _block_vars=_block_vars))
    yield '</button>\n</form>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=20&4=40&5=44&6=46&7=49&8=51&10=57&11=59&12=61&13=65&15=70&16=72&17=74'