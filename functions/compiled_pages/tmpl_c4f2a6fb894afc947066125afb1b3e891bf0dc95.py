from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'report.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = missing
    pass
    parent_template = environment.get_template('base.html', 'report.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'report.html').make_module(context.get_all(), True, {'parts': l_0_parts})
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
    l_0_made = resolve('made')
    l_0_sections = resolve('sections')
    l_0_to = resolve('to')
    l_0_t = resolve('t')
    pass
    yield '<article class="report">\n<h1 dir="auto">'
    yield escape((undefined(name='heading') if l_0_heading is missing else l_0_heading))
    yield '</h1>\n<p class="small">'
    yield escape((undefined(name='made') if l_0_made is missing else l_0_made))
    yield '</p>\n'
    l_1_loop = missing
    for l_1_one, l_1_loop in LoopContext((undefined(name='sections') if l_0_sections is missing else l_0_sections), undefined):
        l_1_is_verdict = missing
        _loop_vars = {}
        pass
        l_1_is_verdict = environment.getattr(l_1_loop, 'first')
        _loop_vars['is_verdict'] = l_1_is_verdict
        yield '<section>\n<h2>'
        yield escape(environment.getattr(l_1_one, 'title'))
        yield '</h2>\n'
        l_2_loop = missing
        for l_2_line, l_2_loop in LoopContext(environment.getattr(l_1_one, 'lines'), undefined):
            l_2_parts = resolve('parts')
            _loop_vars = {}
            pass
            yield '<p'
            if ((undefined(name='is_verdict') if l_1_is_verdict is missing else l_1_is_verdict) and environment.getattr(l_2_loop, 'first')):
                pass
                yield ' class="state"'
            yield '>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_2_parts is missing else l_2_parts), 'prose'), l_2_line, _loop_vars=_loop_vars))
            yield '</p>\n'
        l_2_loop = l_2_line = l_2_parts = missing
        for l_2_chart in environment.getattr(l_1_one, 'charts'):
            _loop_vars = {}
            pass
            yield escape(l_2_chart)
            yield '\n'
        l_2_chart = missing
        l_2_loop = missing
        for l_2_table, l_2_loop in LoopContext(environment.getattr(l_1_one, 'tables'), undefined):
            _loop_vars = {}
            pass
            yield '<table>\n<thead><tr>'
            l_3_loop = missing
            for l_3_head, l_3_loop in LoopContext(environment.getattr(l_2_table, 'heads'), undefined):
                _loop_vars = {}
                pass
                yield '<th scope="col"'
                if (not environment.getattr(l_3_loop, 'first')):
                    pass
                    yield ' class="n"'
                yield '>'
                yield escape(l_3_head)
                yield '</th>'
            l_3_loop = l_3_head = missing
            yield '</tr></thead>\n<tbody>\n'
            l_3_loop = missing
            for l_3_row, l_3_loop in LoopContext(environment.getattr(l_2_table, 'rows'), undefined):
                _loop_vars = {}
                pass
                yield '<tr>'
                l_4_loop = missing
                for l_4_cell, l_4_loop in LoopContext(l_3_row, undefined):
                    _loop_vars = {}
                    pass
                    if environment.getattr(l_4_loop, 'first'):
                        pass
                        yield '<th scope="row" dir="auto">'
                        yield escape(l_4_cell)
                        yield '</th>'
                    else:
                        pass
                        yield '<td class="n">'
                        yield escape(l_4_cell)
                        yield '</td>'
                l_4_loop = l_4_cell = missing
                yield '</tr>\n'
            l_3_loop = l_3_row = missing
            yield '</tbody>\n</table>\n'
        l_2_loop = l_2_table = missing
        yield '</section>\n'
    l_1_loop = l_1_one = l_1_is_verdict = missing
    yield '</article>\n<p class="links"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.back', _block_vars=_block_vars))
    yield '</a></p>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=20&5=34&6=36&7=39&8=43&10=46&11=49&13=61&15=68&17=73&19=86&27=112'