from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'base.html'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_locale = resolve('locale')
    l_0_t = resolve('t')
    l_0_title = resolve('title')
    l_0_style = resolve('style')
    try:
        t_1 = environment.filters['default']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'default' found.")
    pass
    yield '<!doctype html>\n<html lang="'
    yield escape((undefined(name='locale') if l_0_locale is missing else l_0_locale))
    yield '">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex, nofollow, noarchive">\n<title>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), t_1((undefined(name='title') if l_0_title is missing else l_0_title), 'page.title')))
    yield '</title>\n<style>'
    yield escape((undefined(name='style') if l_0_style is missing else l_0_style))
    yield '</style>\n</head>\n<body>\n<main>\n'
    yield from context.blocks['content'][0](context)
    yield '</main>\n</body>\n</html>'

def block_content(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    _block_vars = {}
    pass

blocks = {'content': block_content}
debug_info = '2=22&7=24&8=26&12=28'