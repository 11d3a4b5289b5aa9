/** One file with everything in it: verdicts and findings as HTML, the rest as data, and the code that reads it. */
import { gzipSync, strToU8 } from 'fflate';
import { renderToStaticMarkup } from 'preact-render-to-string';
import type { PageData } from './data.ts';
import { Overview } from './overview.tsx';

/** What the build makes of the page's sources: text each. */
export interface PageParts {
  readonly app: string;
  readonly worker: string;
  /** code of variants that are not built in */
  readonly own: readonly string[];
  readonly style: string;
}

/** Bytes as base64. */
function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** The same bytes on every version of Node, whose own zlib may find other matches. */
const packed = (text: string): string => base64(gzipSync(strToU8(text), { level: 9, mtime: 0 }));

const hashOf = async (text: string): Promise<string> =>
  `'sha256-${base64(new Uint8Array(await crypto.subtle.digest('SHA-256', strToU8(text))))}'`;

/** An inline script ends at the first `</script`, and what looks like a comment changes what ends it. */
const inline = (code: string): string => code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');

/** The page as text. Nothing of it depends on time, place or host. */
export async function pageDocument(data: PageData, { app, worker, own, style }: PageParts): Promise<string> {
  const script = inline(app);
  // A worker made from a Blob has the policy of the page; its script is named by worker-src alone.
  const policy = [
    "default-src 'none'",
    `script-src ${await hashOf(script)}`,
    `style-src ${await hashOf(style)}`,
    ...(data.machine === null ? [] : ['worker-src blob:']),
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const blocks = [
    `<script type="text/plain" id="data">${packed(JSON.stringify(data))}</script>`,
    ...(data.machine === null
      ? []
      : [`<script type="text/plain" id="machine">${packed([...own, worker].join('\n'))}</script>`]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>pmapdiff: review</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main id="overview">${renderToStaticMarkup(<Overview data={data} />)}</main>
<main id="workbench" hidden></main>
${blocks.join('\n')}
<script type="module">${script}</script>
</body>
</html>
`;
}
