from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'confirm.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = missing
    pass
    parent_template = environment.get_template('base.html', 'confirm.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'confirm.html').make_module(context.get_all(), True, {'parts': l_0_parts})
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
    l_0_parts = resolve('parts')
    l_0_errors = resolve('errors')
    l_0_items = resolve('items')
    l_0_told = resolve('told')
    l_0_hold_minutes = resolve('hold_minutes')
    l_0_hidden = resolve('hidden')
    l_0_nonce = resolve('nonce')
    l_0_roles = resolve('roles')
    l_0_typed = resolve('typed')
    l_0_wrong = resolve('wrong')
    pass
    yield '<p class="links"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.back', _block_vars=_block_vars))
    yield '</a></p>\n<h1>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('page.confirm_', (undefined(name='kind') if l_0_kind is missing else l_0_kind), )), _block_vars=_block_vars))
    yield '</h1>\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'errors'), (undefined(name='errors') if l_0_errors is missing else l_0_errors), _block_vars=_block_vars))
    yield '\n<ul>\n'
    for l_1_one in (undefined(name='items') if l_0_items is missing else l_0_items):
        l_1_day = resolve('day')
        l_1_hours = resolve('hours')
        _loop_vars = {}
        pass
        yield '<li class="card"><h2>'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'name'), environment.getattr(l_1_one, 'code'), environment.getattr(l_1_one, 'title'), _loop_vars=_loop_vars))
        yield '</h2>\n<p class="small">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.shown', day=context.call((undefined(name='day') if l_1_day is missing else l_1_day), environment.getattr(l_1_one, 'shown_on'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
        yield ' · '
        yield escape(context.call((undefined(name='hours') if l_1_hours is missing else l_1_hours), environment.getattr(l_1_one, 'hours'), _loop_vars=_loop_vars))
        yield '</p>\n'
        if environment.getattr(l_1_one, 'result_url'):
            pass
            yield '<p>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'result'), environment.getattr(l_1_one, 'result_url'), _loop_vars=_loop_vars))
            yield '</p>'
        yield '</li>\n'
    l_1_one = l_1_day = l_1_hours = missing
    yield '</ul>\n'
    for (l_1_label, l_1_text) in (undefined(name='told') if l_0_told is missing else l_0_told):
        _loop_vars = {}
        pass
        yield '<p><b>'
        yield escape(l_1_label)
        yield '</b><br>'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), l_1_text, _loop_vars=_loop_vars))
        yield '</p>\n'
    l_1_label = l_1_text = missing
    if ((undefined(name='hold_minutes') if l_0_hold_minutes is missing else l_0_hold_minutes) and ((undefined(name='kind') if l_0_kind is missing else l_0_kind) in ('accept', 'return'))):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.can_undo', count=(undefined(name='hold_minutes') if l_0_hold_minutes is missing else l_0_hold_minutes), _block_vars=_block_vars))
        yield '</p>'
    yield '<form method="post" action="'
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
    yield '<input type="hidden" name="nonce" value="'
    yield escape((undefined(name='nonce') if l_0_nonce is missing else l_0_nonce))
    yield '">\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'person'), (undefined(name='roles') if l_0_roles is missing else l_0_roles), context.call(environment.getattr((undefined(name='typed') if l_0_typed is missing else l_0_typed), 'get'), 'role', '', _block_vars=_block_vars), (undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), (undefined(name='kind') if l_0_kind is missing else l_0_kind), _block_vars=_block_vars))
    yield '\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'trap'), _block_vars=_block_vars))
    yield '\n<button class="'
    yield escape(('no' if ((undefined(name='kind') if l_0_kind is missing else l_0_kind) in ('return', 'undo')) else 'yes'))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('page.do_', (undefined(name='kind') if l_0_kind is missing else l_0_kind), )), _block_vars=_block_vars))
    yield '</button>\n</form>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=20&4=42&5=46&6=48&8=50&9=56&10=58&11=62&14=70&15=74&17=79&18=85&19=87&20=91&22=97&23=99&24=101&25=103'