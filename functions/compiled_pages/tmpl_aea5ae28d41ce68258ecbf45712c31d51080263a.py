from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'works.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = l_0_own = missing
    pass
    parent_template = environment.get_template('base.html', 'works.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'works.html').make_module(context.get_all(), True, {'own': l_0_own, 'parts': l_0_parts})
    context.exported_vars.discard('parts')
    l_0_own = context.vars['own'] = environment.get_template('request_parts.html', 'works.html').make_module(context.get_all(), True, {'own': l_0_own, 'parts': l_0_parts})
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
    l_0_human_number = resolve('human_number')
    l_0_revision = resolve('revision')
    l_0_own = resolve('own')
    l_0_facts = resolve('facts')
    l_0_lines = resolve('lines')
    l_0_total = resolve('total')
    l_0_fingerprint = resolve('fingerprint')
    pass
    yield '<p class="links noprint"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.back', _block_vars=_block_vars))
    yield '</a></p>\n<h1>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.works_heading', _block_vars=_block_vars))
    yield '</h1>\n<p>'
    yield escape((undefined(name='human_number') if l_0_human_number is missing else l_0_human_number))
    yield ', '
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.revision', revision=(undefined(name='revision') if l_0_revision is missing else l_0_revision), _block_vars=_block_vars))
    yield '</p>\n'
    yield escape(context.call(environment.getattr((undefined(name='own') if l_0_own is missing else l_0_own), 'facts'), (undefined(name='facts') if l_0_facts is missing else l_0_facts), _block_vars=_block_vars))
    yield '\n'
    yield escape(context.call(environment.getattr((undefined(name='own') if l_0_own is missing else l_0_own), 'works'), (undefined(name='lines') if l_0_lines is missing else l_0_lines), (undefined(name='total') if l_0_total is missing else l_0_total), _block_vars=_block_vars))
    yield '\n<p class="small">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.print_note', _block_vars=_block_vars))
    yield '</p>\n<p class="small">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.fingerprint', _block_vars=_block_vars))
    yield ': '
    yield escape((undefined(name='fingerprint') if l_0_fingerprint is missing else l_0_fingerprint))
    yield '</p>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=18&4=22&5=40&6=44&7=46&8=50&9=52&10=54&11=56'