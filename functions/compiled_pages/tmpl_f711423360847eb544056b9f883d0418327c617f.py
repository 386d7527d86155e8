from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'file.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = missing
    pass
    parent_template = environment.get_template('base.html', 'file.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'file.html').make_module(context.get_all(), True, {'parts': l_0_parts})
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
    l_0_parts = resolve('parts')
    l_0_errors = resolve('errors')
    l_0_kind = resolve('kind')
    l_0_nonce = resolve('nonce')
    l_0_fields = resolve('fields')
    l_0_typed = resolve('typed')
    l_0_wrong = resolve('wrong')
    l_0_options = resolve('options')
    l_0_most = resolve('most')
    l_0_is_again = resolve('is_again')
    l_0_endings = resolve('endings')
    l_0_roles = resolve('roles')
    l_0_role = resolve('role')
    l_0_is_sure = resolve('is_sure')
    pass
    yield '<p class="links"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.back', _block_vars=_block_vars))
    yield '</a></p>\n<h1>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.heading_file', _block_vars=_block_vars))
    yield '</h1>\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'errors'), (undefined(name='errors') if l_0_errors is missing else l_0_errors), _block_vars=_block_vars))
    yield '\n<form method="post" action="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), (undefined(name='kind') if l_0_kind is missing else l_0_kind), _block_vars=_block_vars))
    yield '" enctype="multipart/form-data">\n<input type="hidden" name="nonce" value="'
    yield escape((undefined(name='nonce') if l_0_nonce is missing else l_0_nonce))
    yield '">\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'fields'), (undefined(name='fields') if l_0_fields is missing else l_0_fields), (undefined(name='kind') if l_0_kind is missing else l_0_kind), (undefined(name='typed') if l_0_typed is missing else l_0_typed), (undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), (undefined(name='options') if l_0_options is missing else l_0_options), _block_vars=_block_vars))
    yield '\n<label for="f_file">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.field_file_file', _block_vars=_block_vars))
    yield '</label>\n<p class="small" id="h_file">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.file_limits', most=(undefined(name='most') if l_0_most is missing else l_0_most), _block_vars=_block_vars))
    yield '</p>\n'
    if context.call(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'get'), 'file', _block_vars=_block_vars):
        pass
        yield '<p class="bad" id="e_file">'
        yield escape(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'file'))
        yield '</p>'
    elif (undefined(name='is_again') if l_0_is_again is missing else l_0_is_again):
        pass
        yield '<p class="bad" id="e_file">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.file_again', _block_vars=_block_vars))
        yield '</p>'
    yield '<input id="f_file" name="file" type="file" accept="'
    yield escape((undefined(name='endings') if l_0_endings is missing else l_0_endings))
    yield '" required aria-describedby="h_file'
    if (undefined(name='is_again') if l_0_is_again is missing else l_0_is_again):
        pass
        yield ' e_file'
    yield '"'
    if context.call(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'get'), 'file', _block_vars=_block_vars):
        pass
        yield ' aria-invalid="true" autofocus'
    yield '>\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'person'), (undefined(name='roles') if l_0_roles is missing else l_0_roles), (undefined(name='role') if l_0_role is missing else l_0_role), (undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), (undefined(name='kind') if l_0_kind is missing else l_0_kind), (undefined(name='is_sure') if l_0_is_sure is missing else l_0_is_sure), _block_vars=_block_vars))
    yield '\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'trap'), _block_vars=_block_vars))
    yield '\n<p class="small">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.no_personal_data', _block_vars=_block_vars))
    yield '</p>\n<button class="yes">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.do_file', _block_vars=_block_vars))
    yield '</button>\n</form>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=20&4=45&5=49&6=51&7=53&8=55&9=57&10=59&11=61&12=63&13=74&14=84&15=86&16=88&17=90'