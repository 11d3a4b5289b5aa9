/** Mails as `git format-patch` and `git send-email` write them: where each begins, and what its text is. */

/** A line that no hunk and no message holds by chance. FORMAT: mbox, the line in front of each mail. */
const START =
  /^From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d \d{4}(?: [+-]\d{4})?$/gm;

/** Each mail of a mailbox; none if the text does not begin with one. */
export function mailsOf(text: string): string[] {
  const starts = [...text.matchAll(START)].map(({ index }) => index);
  return starts[0] === 0 ? starts.map((start, i) => text.slice(start, starts[i + 1])) : [];
}

/** A mail that only introduces a series, or answers one. subject: as it is after plainSubject. */
export const isTalk = (subject: string): boolean => /^(?:re:|(?:\[[^\]]*\]\s*)*\[[^\]]*\b0+\/\d+\])/i.test(subject);

/** `=?charset?q or b?text?=`. FORMAT: RFC 2047, encoded words. */
const ENCODED_WORD = /=\?(?:utf-8|us-ascii)\?([qb])\?([^?\s]*)\?=/gi;

export const plainSubject = (subject: string): string =>
  subject
    .replaceAll(/(=\?[^?\s]*\?[^?\s]*\?[^?\s]*\?=)\s+(?==\?)/g, '$1')
    .replaceAll(ENCODED_WORD, (word, how: string, text: string) => {
      const bytes = how.toLowerCase() === 'b' ? base64(text) : quotedPrintable(text.replaceAll('_', ' '));
      return bytes === null ? word : new TextDecoder().decode(bytes);
    });

/**
 * The text with the body of its mail decoded; as it is if it is no mail, or one in plain text. Refuses what is no text.
 */
export function mailText(text: string, refuse: (problem: string) => never): string {
  const end = /\r?\n\r?\n/.exec(text);
  if (end === null) return text;
  const head = text.slice(0, end.index).replaceAll(/\r?\n[ \t]+/g, ' ');
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'im').exec(head)?.[1].toLowerCase() ?? '';
  const [type] = field('Content-Type').split(';');
  const charset = /\bcharset="?([\w.-]+)/.exec(field('Content-Type'))?.[1] ?? 'utf-8';
  if (type !== '' && type !== 'text/plain' && !/^text\/x-(?:patch|diff)$/.test(type))
    refuse(`expected a mail with the patch in its text, got ${type.slice(0, 40)}: save the patch as a file`);
  const encoding = field('Content-Transfer-Encoding');
  if (!['', '7bit', '8bit', 'binary', 'quoted-printable', 'base64'].includes(encoding))
    refuse(`expected a mail in plain text, quoted-printable or base64, got ${JSON.stringify(encoding.slice(0, 40))}`);
  if (!['utf-8', 'utf8', 'us-ascii'].includes(charset)) refuse(`expected a mail in UTF-8, got ${charset.slice(0, 40)}`);
  if (encoding !== 'quoted-printable' && encoding !== 'base64') return text;
  const body = text.slice(end.index + end[0].length);
  const bytes = encoding === 'base64' ? base64(body) : quotedPrintable(body);
  if (bytes === null) return refuse(`expected a body in ${encoding}, found other text`);
  try {
    // The lines of a mail may end in CR LF on their way; those of an encoded text are what it was made of.
    return `${text.slice(0, end.index)}\n\n${new TextDecoder('utf-8', { fatal: true }).decode(bytes)}`;
  } catch {
    return refuse(`expected UTF-8 in ${encoding}, found other bytes`);
  }
}

/** Null if it is none. */
function base64(text: string): Uint8Array | null {
  const letters = text.replaceAll(/\s+/g, '');
  return letters.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(letters) ? Buffer.from(letters, 'base64') : null;
}

/** Null if it is none. FORMAT: RFC 2045, 6.7. */
function quotedPrintable(text: string): Uint8Array | null {
  const joined = text.replaceAll(/=[ \t]*\r?\n/g, '').replaceAll('\r\n', '\n');
  if (/=(?![0-9A-Fa-f]{2})/.test(joined)) return null;
  const bytes: Buffer[] = [];
  for (const part of joined.split(/(=[0-9A-Fa-f]{2})/))
    bytes.push(part.startsWith('=') ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part));
  return Buffer.concat(bytes);
}
