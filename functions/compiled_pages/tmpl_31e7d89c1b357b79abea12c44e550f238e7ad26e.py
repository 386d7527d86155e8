from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'request.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    parent_template = None
    l_0_parts = l_0_own = missing
    pass
    parent_template = environment.get_template('base.html', 'request.html')
    for name, parent_block in parent_template.blocks.items():
        context.blocks.setdefault(name, []).append(parent_block)
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html', 'request.html').make_module(context.get_all(), True, {'own': l_0_own, 'parts': l_0_parts})
    context.exported_vars.discard('parts')
    l_0_own = context.vars['own'] = environment.get_template('request_parts.html', 'request.html').make_module(context.get_all(), True, {'own': l_0_own, 'parts': l_0_parts})
    context.exported_vars.discard('own')
    yield from parent_template.root_render_func(context)

def block_content(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    _block_vars = {}
    l_0_t = resolve('t')
    l_0_human_number = resolve('human_number')
    l_0_revision = resolve('revision')
    l_0_parts = resolve('parts')
    l_0_errors = resolve('errors')
    l_0_state = resolve('state')
    l_0_answered = resolve('answered')
    l_0_has_earlier = resolve('has_earlier')
    l_0_own = resolve('own')
    l_0_facts = resolve('facts')
    l_0_lines = resolve('lines')
    l_0_total = resolve('total')
    l_0_more = resolve('more')
    l_0_to = resolve('to')
    l_0_count = resolve('count')
    l_0_safe_url = resolve('safe_url')
    l_0_evidence = resolve('evidence')
    l_0_left_out = resolve('left_out')
    l_0_seen = resolve('seen')
    l_0_wrong = resolve('wrong')
    l_0_states = resolve('states')
    l_0_fields = resolve('fields')
    l_0_fingerprint = resolve('fingerprint')
    l_0_other_locale = resolve('other_locale')
    pass
    yield '<p class="small">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.title', _block_vars=_block_vars))
    yield '</p>\n<h1>'
    yield escape((undefined(name='human_number') if l_0_human_number is missing else l_0_human_number))
    yield ', '
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.revision', revision=(undefined(name='revision') if l_0_revision is missing else l_0_revision), _block_vars=_block_vars))
    yield '</h1>\n'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'errors'), (undefined(name='errors') if l_0_errors is missing else l_0_errors), _block_vars=_block_vars))
    yield '\n<p class="state">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.state_line', state=(undefined(name='state') if l_0_state is missing else l_0_state), _block_vars=_block_vars))
    yield '</p>\n<p class="links noprint"><a href="#answer">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('accounting_page.answer_again' if (undefined(name='answered') if l_0_answered is missing else l_0_answered) else 'accounting_page.answer_below'), _block_vars=_block_vars))
    yield '</a></p>\n'
    if (undefined(name='has_earlier') if l_0_has_earlier is missing else l_0_has_earlier):
        pass
        yield '<p class="note">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.replaces', _block_vars=_block_vars))
        yield '</p>'
    yield escape(context.call(environment.getattr((undefined(name='own') if l_0_own is missing else l_0_own), 'facts'), (undefined(name='facts') if l_0_facts is missing else l_0_facts), _block_vars=_block_vars))
    yield '\n\n<h2>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.lines', _block_vars=_block_vars))
    yield '</h2>\n'
    yield escape(context.call(environment.getattr((undefined(name='own') if l_0_own is missing else l_0_own), 'works'), (undefined(name='lines') if l_0_lines is missing else l_0_lines), (undefined(name='total') if l_0_total is missing else l_0_total), _block_vars=_block_vars))
    yield '\n'
    if (undefined(name='more') if l_0_more is missing else l_0_more):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.more', count=(undefined(name='more') if l_0_more is missing else l_0_more), _block_vars=_block_vars))
        yield '</p>'
    yield '<p class="links"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'works', _block_vars=_block_vars))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.works', count=(undefined(name='count') if l_0_count is missing else l_0_count), _block_vars=_block_vars))
    yield '</a><br><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'works.xlsx', _block_vars=_block_vars))
    yield '" download>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.file', _block_vars=_block_vars))
    yield '</a>'
    if context.call((undefined(name='safe_url') if l_0_safe_url is missing else l_0_safe_url), (undefined(name='evidence') if l_0_evidence is missing else l_0_evidence), _block_vars=_block_vars):
        pass
        yield '<br><a href="'
        yield escape(context.call((undefined(name='safe_url') if l_0_safe_url is missing else l_0_safe_url), (undefined(name='evidence') if l_0_evidence is missing else l_0_evidence), _block_vars=_block_vars))
        yield '" rel="noreferrer noopener nofollow">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.evidence', _block_vars=_block_vars))
        yield '</a>'
    yield '</p>\n'
    if (undefined(name='left_out') if l_0_left_out is missing else l_0_left_out):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.not_included', _block_vars=_block_vars))
        yield '</h2>\n<ul>\n'
        for l_1_one in (undefined(name='left_out') if l_0_left_out is missing else l_0_left_out):
            _loop_vars = {}
            pass
            yield '<li>'
            yield escape(l_1_one)
            yield '</li>\n'
        l_1_one = missing
        yield '</ul>\n'
    yield '\n'
    if (undefined(name='answered') if l_0_answered is missing else l_0_answered):
        pass
        yield '<h2>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.answered', _block_vars=_block_vars))
        yield '</h2>\n'
        yield escape(context.call(environment.getattr((undefined(name='own') if l_0_own is missing else l_0_own), 'told'), (undefined(name='answered') if l_0_answered is missing else l_0_answered), _block_vars=_block_vars))
        yield '\n'
    yield '<section class="noprint">\n<h2 id="answer">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('accounting_page.answer_again' if (undefined(name='answered') if l_0_answered is missing else l_0_answered) else 'accounting_page.answer'), _block_vars=_block_vars))
    yield '</h2>\n<form method="post" action="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), 'answer', _block_vars=_block_vars))
    yield '">\n<input type="hidden" name="seen" value="'
    yield escape((undefined(name='seen') if l_0_seen is missing else l_0_seen))
    yield '">\n<label for="f_state">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.state', _block_vars=_block_vars))
    yield '</label>\n'
    if context.call(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'get'), 'state', _block_vars=_block_vars):
        pass
        yield '<p class="bad" id="e_state">'
        yield escape(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'state'))
        yield '</p>'
    yield '<select id="f_state" name="state" required'
    if context.call(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'get'), 'state', _block_vars=_block_vars):
        pass
        yield ' aria-invalid="true" aria-describedby="e_state" autofocus'
    yield '>\n<option value="">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.choose', _block_vars=_block_vars))
    yield '</option>\n'
    for l_1_one in (undefined(name='states') if l_0_states is missing else l_0_states):
        l_1_typed = resolve('typed')
        _loop_vars = {}
        pass
        yield '<option value="'
        yield escape(l_1_one)
        yield '"'
        if (context.call(environment.getattr((undefined(name='typed') if l_1_typed is missing else l_1_typed), 'get'), 'state', _loop_vars=_loop_vars) == l_1_one):
            pass
            yield ' selected'
        yield '>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('accounting_page.state_', l_1_one, )), _loop_vars=_loop_vars))
        yield '</option>\n'
    l_1_one = l_1_typed = missing
    yield '</select>\n'
    for l_1_name in (undefined(name='fields') if l_0_fields is missing else l_0_fields):
        l_1_typed = resolve('typed')
        l_1_bad = missing
        _loop_vars = {}
        pass
        l_1_bad = context.call(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'get'), l_1_name, _loop_vars=_loop_vars)
        _loop_vars['bad'] = l_1_bad
        yield '<label for="f_'
        yield escape(l_1_name)
        yield '">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('accounting_page.field_', l_1_name, )), _loop_vars=_loop_vars))
        yield '</label>\n'
        if (undefined(name='bad') if l_1_bad is missing else l_1_bad):
            pass
            yield '<p class="bad" id="e_'
            yield escape(l_1_name)
            yield '">'
            yield escape((undefined(name='bad') if l_1_bad is missing else l_1_bad))
            yield '</p>'
        if (l_1_name == 'reason'):
            pass
            yield '<textarea id="f_reason" name="reason" rows="3" maxlength="500"'
            if (undefined(name='bad') if l_1_bad is missing else l_1_bad):
                pass
                yield ' aria-invalid="true" aria-describedby="e_reason"'
                if (not context.call(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'get'), 'state', _loop_vars=_loop_vars)):
                    pass
                    yield ' autofocus'
            yield '>\n'
            yield escape(environment.getattr((undefined(name='typed') if l_1_typed is missing else l_1_typed), 'reason'))
            yield '</textarea>\n'
        else:
            pass
            yield '<input id="f_'
            yield escape(l_1_name)
            yield '" name="'
            yield escape(l_1_name)
            yield '" type="'
            yield escape(('date' if (l_1_name in ('document_on', 'paid_on')) else ('url' if (l_1_name == 'link') else 'text')))
            yield '" maxlength="500" value="'
            yield escape(environment.getitem((undefined(name='typed') if l_1_typed is missing else l_1_typed), l_1_name))
            yield '" autocomplete="off"'
            if (undefined(name='bad') if l_1_bad is missing else l_1_bad):
                pass
                yield ' aria-invalid="true" aria-describedby="e_'
                yield escape(l_1_name)
                yield '"'
                if (not context.call(environment.getattr((undefined(name='wrong') if l_0_wrong is missing else l_0_wrong), 'get'), 'state', _loop_vars=_loop_vars)):
                    pass
                    yield ' autofocus'
            yield '>\n'
    l_1_name = l_1_bad = l_1_typed = missing
    yield '<p class="small">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.no_personal_data', _block_vars=_block_vars))
    yield '</p>\n<button class="yes">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.further', _block_vars=_block_vars))
    yield '</button>\n</form>\n</section>\n<p class="small">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'accounting_page.fingerprint', _block_vars=_block_vars))
    yield ': '
    yield escape((undefined(name='fingerprint') if l_0_fingerprint is missing else l_0_fingerprint))
    yield '</p>\n<p class="links"><a href="'
    yield escape(context.call((undefined(name='to') if l_0_to is missing else l_0_to), '', lang=(undefined(name='other_locale') if l_0_other_locale is missing else l_0_other_locale), _block_vars=_block_vars))
    yield '" lang="'
    yield escape((undefined(name='other_locale') if l_0_other_locale is missing else l_0_other_locale))
    yield '" hreflang="'
    yield escape((undefined(name='other_locale') if l_0_other_locale is missing else l_0_other_locale))
    yield '">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'page.other_language', _block_vars=_block_vars))
    yield '</a></p>\n'

blocks = {'content': block_content}
debug_info = '1=13&2=16&3=18&4=22&5=55&6=57&7=61&8=63&9=65&10=67&11=72&13=74&14=76&15=78&16=84&17=100&18=103&20=105&21=109&26=114&27=117&28=119&31=122&32=124&33=126&34=128&35=130&36=136&37=140&38=142&39=147&42=157&43=162&44=165&45=169&46=176&47=179&48=186&50=191&53=210&54=212&57=214&58=218'