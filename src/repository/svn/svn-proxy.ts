import type { SvnAddress } from './svn-address.ts';

/**
 * The lines of svn's configuration that lead it through the proxy that the server's environment names for an address.
 * Git reads `https_proxy`, `http_proxy` and `no_proxy` by itself; svn does not. It knows http proxies only, and one of them
 * for everything that a command reaches, externals included.
 */
export function proxyLines(
  environment: Readonly<Record<string, string | undefined>>,
  address: SvnAddress,
): readonly string[] {
  if (address.transport !== 'http') return [];
  const proxy = parseProxy(environment[address.url.startsWith('https:') ? 'https_proxy' : 'http_proxy'] ?? '');
  const exceptions = parseExceptions(environment.no_proxy ?? '');
  if (proxy === undefined || exceptions.includes('*')) return [];
  const { host, port, username, password } = proxy;
  return [
    `http-proxy-host = ${host}`,
    `http-proxy-port = ${port}`,
    username === '' ? '' : `http-proxy-username = ${username}`,
    password === '' ? '' : `http-proxy-password = ${password}`,
    exceptions.length === 0 ? '' : `http-proxy-exceptions = ${exceptions.join(', ')}`,
  ].filter((line) => line !== '');
}

/** The port that curl takes, and Git by it, where a proxy says none. */
const PROXY_PORT = '1080';

function parseProxy(text: string) {
  const [, scheme = 'http', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/i.exec(text) ?? [];
  // Under a scheme that the parser knows no port of, whatever is given stays.
  const url = URL.parse(`proxy://${rest}`);
  if (url === null || scheme.toLowerCase() !== 'http' || url.hostname === '') return undefined;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || PROXY_PORT,
    username: decodeLine(url.username),
    password: decodeLine(url.password),
  };
}

/** A host there stands for all below it, with a dot before it or without. Svn matches whole names. */
function parseExceptions(text: string): readonly string[] {
  const hosts = text.split(/[\s,]+/).map((host) => host.replace(/^\*?\./, ''));
  return hosts.filter((host) => host !== '').flatMap((host) => (host === '*' ? [host] : [host, `*.${host}`]));
}

/** What would begin a line of its own is left out. */
function decodeLine(text: string): string {
  try {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is left out
    return decodeURIComponent(text).replace(/[\u0000-\u001f\u007f]/g, '');
  } catch {
    return text;
  }
}
