from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'parts.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_prose = l_0_name = l_0_result = l_0_errors = l_0_trap = l_0_work = l_0_fields = l_0_person = missing
    pass
    def macro(l_1_text):
        t_1 = []
        l_1_linked = resolve('linked')
        if l_1_text is missing:
            l_1_text = undefined("parameter 'text' was not provided", name='text')
        pass
        t_1.append(
            '<span class="text" dir="auto">',
        )
        for l_2_part in context.call((undefined(name='linked') if l_1_linked is missing else l_1_linked), l_1_text):
            _loop_vars = {}
            pass
            if environment.getattr(l_2_part, 'url'):
                pass
                t_1.extend((
                    '<a href="',
                    escape(environment.getattr(l_2_part, 'url')),
                    '" rel="noreferrer noopener nofollow">',
                    escape(environment.getattr(l_2_part, 'text')),
                    '</a>',
                ))
            else:
                pass
                t_1.append(
                    escape(environment.getattr(l_2_part, 'text')),
                )
        l_2_part = missing
        t_1.append(
            '</span>',
        )
        return concat(t_1)
    context.exported_vars.add('prose')
    context.vars['prose'] = l_0_prose = Macro(environment, macro, 'prose', ('text',), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_code, l_1_title):
        t_2 = []
        if l_1_code is missing:
            l_1_code = undefined("parameter 'code' was not provided", name='code')
        if l_1_title is missing:
            l_1_title = undefined("parameter 'title' was not provided", name='title')
        pass
        t_2.append(
            '<span class="text" dir="auto">',
        )
        if l_1_code:
            pass
            t_2.extend((
                escape(l_1_code),
                ' ',
            ))
        t_2.extend((
            escape(l_1_title),
            '</span>',
        ))
        return concat(t_2)
    context.exported_vars.add('name')
    context.vars['name'] = l_0_name = Macro(environment, macro, 'name', ('code', 'title'), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_url):
        t_3 = []
        l_1_safe_url = resolve('safe_url')
        l_1_t = resolve('t')
        if l_1_url is missing:
            l_1_url = undefined("parameter 'url' was not provided", name='url')
        pass
        if context.call((undefined(name='safe_url') if l_1_safe_url is missing else l_1_safe_url), l_1_url):
            pass
            t_3.extend((
                '<a href="',
                escape(context.call((undefined(name='safe_url') if l_1_safe_url is missing else l_1_safe_url), l_1_url)),
                '" rel="noreferrer noopener nofollow">',
                escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'page.result')),
                '</a>',
            ))
        elif l_1_url:
            pass
            t_3.append(
                escape(context.call((undefined(name='prose') if l_0_prose is missing else l_0_prose), l_1_url)),
            )
        return concat(t_3)
    context.exported_vars.add('result')
    context.vars['result'] = l_0_result = Macro(environment, macro, 'result', ('url',), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_list):
        t_4 = []
        if l_1_list is missing:
            l_1_list = undefined("parameter 'list' was not provided", name='list')
        pass
        if l_1_list:
            pass
            t_4.append(
                '<div class="error" role="alert">\n',
            )
            for l_2_one in l_1_list:
                _loop_vars = {}
                pass
                t_4.extend((
                    '<p>',
                    escape(l_2_one),
                    '</p>\n',
                ))
            l_2_one = missing
            t_4.append(
                '</div>\n',
            )
        return concat(t_4)
    context.exported_vars.add('errors')
    context.vars['errors'] = l_0_errors = Macro(environment, macro, 'errors', ('list',), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro():
        t_5 = []
        l_1_t = resolve('t')
        pass
        t_5.extend((
            '<div class="also" aria-hidden="true"><label for="website">',
            escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'page.trap')),
            '</label><input id="website" name="website" type="text" tabindex="-1" autocomplete="off"></div>\n',
        ))
        return concat(t_5)
    context.exported_vars.add('trap')
    context.vars['trap'] = l_0_trap = Macro(environment, macro, 'trap', (), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_lines):
        t_6 = []
        if l_1_lines is missing:
            l_1_lines = undefined("parameter 'lines' was not provided", name='lines')
        pass
        t_6.append(
            '<ul>\n',
        )
        for l_2_one in l_1_lines:
            l_2_label = resolve('label')
            l_2_t = resolve('t')
            l_2_day = resolve('day')
            _loop_vars = {}
            pass
            t_6.extend((
                '<li>',
                escape(context.call((undefined(name='name') if l_0_name is missing else l_0_name), environment.getattr(l_2_one, 'code'), environment.getattr(l_2_one, 'title'), _loop_vars=_loop_vars)),
                '<br><span class="small">',
                escape(context.call((undefined(name='label') if l_2_label is missing else l_2_label), 'status', environment.getattr(l_2_one, 'status'), _loop_vars=_loop_vars)),
            ))
            if environment.getattr(l_2_one, 'due_on'):
                pass
                t_6.extend((
                    ' · ',
                    escape(context.call((undefined(name='t') if l_2_t is missing else l_2_t), 'page.until', day=context.call((undefined(name='day') if l_2_day is missing else l_2_day), environment.getattr(l_2_one, 'due_on'), _loop_vars=_loop_vars), _loop_vars=_loop_vars)),
                ))
            t_6.append(
                '</span></li>\n',
            )
        l_2_one = l_2_label = l_2_t = l_2_day = missing
        t_6.append(
            '</ul>\n',
        )
        return concat(t_6)
    context.exported_vars.add('work')
    context.vars['work'] = l_0_work = Macro(environment, macro, 'work', ('lines',), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_inputs, l_1_kind, l_1_typed, l_1_wrong, l_1_options):
        t_7 = []
        if l_1_inputs is missing:
            l_1_inputs = undefined("parameter 'inputs' was not provided", name='inputs')
        if l_1_kind is missing:
            l_1_kind = undefined("parameter 'kind' was not provided", name='kind')
        if l_1_typed is missing:
            l_1_typed = undefined("parameter 'typed' was not provided", name='typed')
        if l_1_wrong is missing:
            l_1_wrong = undefined("parameter 'wrong' was not provided", name='wrong')
        if l_1_options is missing:
            l_1_options = undefined("parameter 'options' was not provided", name='options')
        pass
        for l_2_one in l_1_inputs:
            l_2_t = resolve('t')
            l_2_bad = missing
            _loop_vars = {}
            pass
            l_2_bad = context.call(environment.getattr(l_1_wrong, 'get'), environment.getattr(l_2_one, 'name'), _loop_vars=_loop_vars)
            _loop_vars['bad'] = l_2_bad
            t_7.extend((
                '<label for="f_',
                escape(environment.getattr(l_2_one, 'name')),
                '">',
                escape(context.call((undefined(name='t') if l_2_t is missing else l_2_t), markup_join(('page.field_', l_1_kind, '_', environment.getattr(l_2_one, 'name'), )), _loop_vars=_loop_vars)),
                '</label>\n',
            ))
            if (undefined(name='bad') if l_2_bad is missing else l_2_bad):
                pass
                t_7.extend((
                    '<p class="bad" id="e_',
                    escape(environment.getattr(l_2_one, 'name')),
                    '">',
                    escape((undefined(name='bad') if l_2_bad is missing else l_2_bad)),
                    '</p>',
                ))
            if (environment.getattr(l_2_one, 'type') == 'long'):
                pass
                t_7.extend((
                    '<textarea id="f_',
                    escape(environment.getattr(l_2_one, 'name')),
                    '" name="',
                    escape(environment.getattr(l_2_one, 'name')),
                    '" rows="6" maxlength="',
                    escape(environment.getattr(l_2_one, 'most')),
                    '"',
                ))
                if (undefined(name='bad') if l_2_bad is missing else l_2_bad):
                    pass
                    t_7.extend((
                        ' aria-invalid="true" aria-describedby="e_',
                        escape(environment.getattr(l_2_one, 'name')),
                        '" autofocus',
                    ))
                if environment.getattr(l_2_one, 'is_needed'):
                    pass
                    t_7.append(
                        ' required',
                    )
                t_7.extend((
                    '>\n',
                    escape(context.call(environment.getattr(l_1_typed, 'get'), environment.getattr(l_2_one, 'name'), '', _loop_vars=_loop_vars)),
                    '</textarea>\n',
                ))
            elif (environment.getattr(l_2_one, 'type') == 'choice'):
                pass
                t_7.extend((
                    '<select id="f_',
                    escape(environment.getattr(l_2_one, 'name')),
                    '" name="',
                    escape(environment.getattr(l_2_one, 'name')),
                    '"',
                ))
                if (undefined(name='bad') if l_2_bad is missing else l_2_bad):
                    pass
                    t_7.extend((
                        ' aria-invalid="true" aria-describedby="e_',
                        escape(environment.getattr(l_2_one, 'name')),
                        '" autofocus',
                    ))
                if environment.getattr(l_2_one, 'is_needed'):
                    pass
                    t_7.append(
                        ' required',
                    )
                t_7.extend((
                    '>\n<option value="">',
                    escape(context.call((undefined(name='t') if l_2_t is missing else l_2_t), 'page.choose', _loop_vars=_loop_vars)),
                    '</option>\n',
                ))
                for (l_3_value, l_3_text) in context.call(l_1_options, l_2_one, _loop_vars=_loop_vars):
                    _loop_vars = {}
                    pass
                    t_7.extend((
                        '<option value="',
                        escape(l_3_value),
                        '"',
                    ))
                    if (context.call(environment.getattr(l_1_typed, 'get'), environment.getattr(l_2_one, 'name'), _loop_vars=_loop_vars) == l_3_value):
                        pass
                        t_7.append(
                            ' selected',
                        )
                    t_7.extend((
                        '>',
                        escape(l_3_text),
                        '</option>\n',
                    ))
                l_3_value = l_3_text = missing
                t_7.append(
                    '</select>\n',
                )
            else:
                pass
                t_7.extend((
                    '<input id="f_',
                    escape(environment.getattr(l_2_one, 'name')),
                    '" name="',
                    escape(environment.getattr(l_2_one, 'name')),
                    '" type="',
                    escape(environment.getattr(l_2_one, 'type')),
                    '" maxlength="',
                    escape(environment.getattr(l_2_one, 'most')),
                    '" value="',
                    escape(context.call(environment.getattr(l_1_typed, 'get'), environment.getattr(l_2_one, 'name'), '', _loop_vars=_loop_vars)),
                    '"',
                ))
                if (undefined(name='bad') if l_2_bad is missing else l_2_bad):
                    pass
                    t_7.extend((
                        ' aria-invalid="true" aria-describedby="e_',
                        escape(environment.getattr(l_2_one, 'name')),
                        '" autofocus',
                    ))
                if environment.getattr(l_2_one, 'is_needed'):
                    pass
                    t_7.append(
                        ' required',
                    )
                t_7.append(
                    '>\n',
                )
        l_2_one = l_2_bad = l_2_t = missing
        return concat(t_7)
    context.exported_vars.add('fields')
    context.vars['fields'] = l_0_fields = Macro(environment, macro, 'fields', ('inputs', 'kind', 'typed', 'wrong', 'options'), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_roles, l_1_role, l_1_wrong, l_1_kind, l_1_is_sure):
        t_8 = []
        l_1_t = resolve('t')
        if l_1_roles is missing:
            l_1_roles = undefined("parameter 'roles' was not provided", name='roles')
        if l_1_role is missing:
            l_1_role = undefined("parameter 'role' was not provided", name='role')
        if l_1_wrong is missing:
            l_1_wrong = undefined("parameter 'wrong' was not provided", name='wrong')
        if l_1_kind is missing:
            l_1_kind = undefined("parameter 'kind' was not provided", name='kind')
        if l_1_is_sure is missing:
            l_1_is_sure = False
        pass
        t_8.extend((
            '<label for="role">',
            escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'page.role')),
            '</label>\n',
        ))
        if context.call(environment.getattr(l_1_wrong, 'get'), 'role'):
            pass
            t_8.extend((
                '<p class="bad" id="e_role">',
                escape(environment.getattr(l_1_wrong, 'role')),
                '</p>',
            ))
        t_8.append(
            '<select id="role" name="role" required',
        )
        if context.call(environment.getattr(l_1_wrong, 'get'), 'role'):
            pass
            t_8.append(
                ' aria-invalid="true" aria-describedby="e_role" autofocus',
            )
        t_8.extend((
            '>\n<option value="">',
            escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), 'page.choose')),
            '</option>\n',
        ))
        for l_2_one in l_1_roles:
            _loop_vars = {}
            pass
            t_8.extend((
                '<option value="',
                escape(l_2_one),
                '"',
            ))
            if (l_1_role == l_2_one):
                pass
                t_8.append(
                    ' selected',
                )
            t_8.extend((
                '>',
                escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), markup_join(('page.role_', l_2_one, )), _loop_vars=_loop_vars)),
                '</option>\n',
            ))
        l_2_one = missing
        t_8.append(
            '</select>\n',
        )
        if context.call(environment.getattr(l_1_wrong, 'get'), 'sure'):
            pass
            t_8.extend((
                '<p class="bad" id="e_sure">',
                escape(environment.getattr(l_1_wrong, 'sure')),
                '</p>',
            ))
        t_8.append(
            '<p><label class="tick"><input type="checkbox" name="sure" value="yes" required',
        )
        if l_1_is_sure:
            pass
            t_8.append(
                ' checked',
            )
        if context.call(environment.getattr(l_1_wrong, 'get'), 'sure'):
            pass
            t_8.append(
                ' aria-invalid="true" aria-describedby="e_sure"',
            )
        t_8.extend((
            '>',
            escape(context.call((undefined(name='t') if l_1_t is missing else l_1_t), markup_join(('page.sure_', l_1_kind, )))),
            '</label></p>\n',
        ))
        return concat(t_8)
    context.exported_vars.add('person')
    context.vars['person'] = l_0_person = Macro(environment, macro, 'person', ('roles', 'role', 'wrong', 'kind', 'is_sure'), False, False, False, context.eval_ctx.autoescape)

blocks = {}
debug_info = '1=12&3=46&5=70&7=95&9=105&10=110&15=121&16=127&19=134&21=142&22=150&27=171&28=184&29=189&30=193&31=198&32=207&33=211&34=232&35=235&36=239&37=258&38=261&39=266&43=287&48=318&49=334&50=337&51=347&52=354&53=357&54=362&57=379&58=389'