import { quote, Refusal } from '../domain/refusal.ts';
import { JsonMistake, parseLenientJson } from './lenient-json.ts';

/** Above this, a body is strict JSON or nothing: the fallback is for the small bodies of scripts. */
const FALLBACK_MAX_LENGTH = 64 * 1024;
const FORM = /^[A-Za-z][\w.-]*=/;

/**
 * Reads the body of a request, whatever its Content-Type says: JSON, or JSON with unquoted words, or a form. Undefined
 * stands for no parameters: no body, an empty one, or blanks.
 *
 * @param bytes undefined when the request had no body
 * @throws Refusal INVALID_PARAMETERS saying where the body stops making sense
 */
export function parseRequestBody(bytes: unknown): unknown {
  const text = Buffer.isBuffer(bytes) ? decodeText(bytes).trim() : '';
  if (text === '') return undefined;
  try {
    return JSON.parse(text, keepSpelling);
  } catch {
    return FORM.test(text) ? Object.fromEntries(new URLSearchParams(text)) : parseLeniently(text);
  }
}

function parseLeniently(text: string): unknown {
  if (text.length > FALLBACK_MAX_LENGTH) throw new Refusal('INVALID_PARAMETERS', 'The body is not valid JSON.');
  try {
    return parseLenientJson(text);
  } catch (error) {
    if (!(error instanceof JsonMistake)) throw error;
    throw new Refusal('INVALID_PARAMETERS', `The body is not valid JSON: ${error.message}. It starts ${quote(text)}.`);
  }
}

/** Keeps a number as its text where the number would lose it: `12345e67` is a commit hash that lacks its quotes. */
function keepSpelling(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && String(value) !== source ? source : value;
}

/** UTF-8, UTF-16 with a byte order mark, or else Latin-1, which Windows PowerShell sends by itself. */
function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
