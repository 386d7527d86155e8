from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'request_confirm.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = l_0_own = missing
    pass
    parent_template = environment.get_template('base.html', 'request_confirm.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'request_confirm.html').make_module(context.get_all(), True, {'own': l_0_own, 'parts': l_0_parts})
    context.exported_vars.discard('parts')
    l_0_own = context.vars['own'] = environment.get_template('request_parts.html', 'request_confirm.html').make_module(context.get_all(), True, {'own': l_0_own, 'parts': l_0_parts})
    context.exported_vars.discard('own')
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
    l_0_human_number = resolve('human_number')
    l_0_state = resolve('state')
    l_0_own = resolve('own')
    l_0_told = resolve('told')
    l_0_hidden = resolve('hidden')
    l_0_nonce = resolve('nonce')
    l_0_wrong = resolve('wrong')
    pass
    yield '<p class="links"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.back', _block_vars=_block_vars))
    yield '</a></p>\n<h1>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.confirm', _block_vars=_block_vars))
    yield '</h1>\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'errors'), (undefined(name='errors') if l_0_errors is missing else l_0_errors), _block_vars=_block_vars))
    yield '\n<p>'
    yield escape((undefined(name='human_number') if l_0_human_number is missing else l_0_human_number))
    yield '</p>\n<p class="state"><b>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('accounting_page.state_', (undefined(name='state') if l_0_state is missing else l_0_state), )), _block_vars=_block_vars))
    yield '</b></p>\n'
    yield escape(context.call(environment.getattr((undefined(name='own') if l_0_own is missing else l_0_own), 'told'), (undefined(name='told') if l_0_told is missing else l_0_told), _block_vars=_block_vars))
    yield '\n<form method="post" action="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'answer', _block_vars=_block_vars))
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
    yield '<input type="hidden" name="nonce" value="'
    yield escape((undefined(name='nonce') if l_0_nonce is missing else l_0_nonce))
    yield '">\n'
    if context.call(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'get'), 'sure', _block_vars=_block_vars):
        pass
        yield '<p class="bad" id="e_sure">'
        yield escape(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'sure'))
        yield '</p>'
    yield '<p><label class="tick"><input type="checkbox" name="sure" value="yes" required'
    if context.call(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'get'), 'sure', _block_vars=_block_vars):
        pass
        yield ' aria-invalid="true" aria-describedby="e_sure"'
    yield '>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.sure', _block_vars=_block_vars))
    yield '</label></p>\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'trap'), _block_vars=_block_vars))
    yield '\n<button class="'
    yield escape(('no' if ((undefined(name='state') if l_0_state is missing else l_0_state) == 'refused') else 'yes'))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.do', _block_vars=_block_vars))
    yield '</button>\n</form>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=18&4=22&5=42&6=46&7=48&8=50&9=52&10=54&11=56&12=58&13=62&15=68&16=70&17=76&18=82&19=84'