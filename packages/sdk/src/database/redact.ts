/**
 * A connection URL without its password and without secret query parameters, for messages.
 *
 * @param url `postgres://user:password@host:5432/name?…`; in text that is not a URL, `password=…` loses its value.
 * @example redact('postgres://me:secret@db:5432/shop') // 'postgres://me@db:5432/shop'
 */
export function redact(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(url)
  if (!match) return url.replace(/(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)/gi, '$1…')
  const [, scheme = '', rest = ''] = match
  // Everything up to the last @ before the path is user information, even when a password holds an unescaped @ or /.
  const query = rest.indexOf('?')
  const address = query < 0 ? rest : rest.slice(0, query)
  const at = address.lastIndexOf('@')
  const host = at < 0 ? address : address.slice(at + 1)
  const user = at < 0 ? '' : `${address.slice(0, at).split(':')[0] ?? ''}@`
  return `${scheme}${user}${host}`
}
