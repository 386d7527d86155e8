from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'request_parts.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_parts = l_0_facts = l_0_works = l_0_told = missing
    pass
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'request_parts.html').make_module(context.get_all(), True, {'facts': l_0_facts, 'parts': l_0_parts, 'told': l_0_told, 'works': l_0_works})
    context.exported_vars.discard('parts')
    def macro(l_1_list):
        t_1 = []
        if l_1_list is missing:
            l_1_list = undefined("parameter 'list' was not provided", name='list')
        pass
        t_1.append(
            '<dl class="facts">\n',
        )
        for (l_2_name, l_2_text) in l_1_list:
            l_2_t = resolve('t')
            _loop_vars = {}
            pass
            t_1.extend((
                '<dt>',
                escape(context.call((undefined(name='t') if l_2_t is missing else l_2_t), markup_join(('accounting_page.', l_2_name, )), _loop_vars=_loop_vars)),
                '</dt><dd class="text" dir="auto">',
                escape(l_2_text),
                '</dd>\n',
            ))
        l_2_name = l_2_text = l_2_t = missing
        t_1.append(
            '</dl>\n',
        )
        return concat(t_1)
    context.exported_vars.add('facts')
    context.vars['facts'] = l_0_facts = Macro(environment, macro, 'facts', ('list',), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_lines, l_1_total):
        t_2 = []
        l_1_t = resolve('t')
        if l_1_lines is missing:
            l_1_lines = undefined("parameter 'lines' was not provided", name='lines')
        if l_1_total is missing:
            l_1_total = undefined("parameter 'total' was not provided", name='total')
        pass
        t_2.extend((
            '<table>\n<thead><tr><th scope="col">',
            escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'accounting_page.column_title')),
            '</th><th scope="col" class="n">',
            escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'accounting_page.column_quantity')),
            '</th><th scope="col" class="n">',
            escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'accounting_page.column_sum')),
            '</th></tr></thead>\n<tbody>\n',
        ))
        for l_2_one in l_1_lines:
            _loop_vars = {}
            pass
            t_2.extend((
                '<tr><td>',
                escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'name'), environment.getattr(l_2_one, 'code'), environment.getattr(l_2_one, 'title'), _loop_vars=_loop_vars)),
                '<br><span class="small">',
            ))
            if environment.getattr(l_2_one, 'price'):
                pass
                t_2.extend((
                    escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'accounting_page.line_price', price=environment.getattr(l_2_one, 'price'), _loop_vars=_loop_vars)),
                    ', ',
                ))
            t_2.extend((
                escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'accounting_page.line_accepted', day=environment.getattr(l_2_one, 'accepted_on'), _loop_vars=_loop_vars)),
                '</span></td><td class="n">',
                escape(environment.getattr(l_2_one, 'quantity')),
                '<br><span class="small">',
                escape(environment.getattr(l_2_one, 'unit')),
                '</span></td><td class="n">',
                escape((environment.getattr(l_2_one, 'sum') or '—')),
                '</td></tr>\n',
            ))
        l_2_one = missing
        t_2.extend((
            '</tbody>\n<tfoot><tr><th scope="row" colspan="2">',
            escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'accounting_page.total')),
            '</th><td class="n"><b>',
            escape((l_1_total or '—')),
            '</b></td></tr></tfoot>\n</table>\n',
        ))
        if (not l_1_total):
            pass
            t_2.extend((
                '<p>',
                escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'accounting_page.total')),
                ': ',
                escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'accounting.sum_by_accounting')),
                '.</p>',
            ))
        return concat(t_2)
    context.exported_vars.add('works')
    context.vars['works'] = l_0_works = Macro(environment, macro, 'works', ('lines', 'total'), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_list):
        t_3 = []
        if l_1_list is missing:
            l_1_list = undefined("parameter 'list' was not provided", name='list')
        pass
        t_3.append(
            '<dl class="facts">\n',
        )
        for (l_2_label, l_2_text) in l_1_list:
            _loop_vars = {}
            pass
            t_3.extend((
                '<dt>',
                escape(l_2_label),
                '</dt><dd>',
                escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'prose'), l_2_text, _loop_vars=_loop_vars)),
                '</dd>\n',
            ))
        l_2_label = l_2_text = missing
        t_3.append(
            '</dl>\n',
        )
        return concat(t_3)
    context.exported_vars.add('told')
    context.vars['told'] = l_0_told = Macro(environment, macro, 'told', ('list',), False, False, False, context.eval_ctx.autoescape)

blocks = {}
debug_info = '1=12&2=14&4=22&5=28&10=41&12=51&14=58&15=63&18=85&20=90&23=103&25=111&26=116'