/** An element of what `svn --xml` prints. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const TOKEN = /<\?[^>]*\?>|<(\/?)([\w:-]+)((?:\s+[\w:-]+\s*=\s*"[^"]*")*)\s*(\/?)>|([^<]+)/g;
const ATTRIBUTE = /([\w:-]+)\s*=\s*"([^"]*)"/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Reads the XML that svn writes: elements, attributes and text. Whatever is no XML at the end, since svn may fail half
 * way through, is left out.
 *
 * @returns an element without a name that holds all others
 */
export function parseSvnXml(text: string): XmlElement {
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  for (const [, closing, name, attributes = '', empty, content] of text.matchAll(TOKEN)) {
    const parent = open.at(-1) ?? root;
    if (content !== undefined) parent.text += decode(content);
    else if (closing === '/') open.pop();
    else if (name !== undefined) {
      const element = { name, attributes: readAttributes(attributes), children: [], text: '' };
      parent.children.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  return root;
}

/** The elements of a name, however deep, in their order. */
export function findAll(element: XmlElement, name: string): readonly XmlElement[] {
  const found = element.children.flatMap((child) => findAll(child, name));
  return element.name === name ? [element, ...found] : found;
}

/** The text of the first element on a path of names; empty when there is none. */
export function textAt(element: XmlElement, ...names: readonly string[]): string {
  let at: XmlElement | undefined = element;
  for (const name of names) at = at?.children.find((child) => child.name === name);
  return at?.text ?? '';
}

function readAttributes(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(ATTRIBUTE)].map(([, name, value]) => [name, decode(value ?? '')]));
}

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });
}
