import type { ComponentChildren } from 'preact';
import { memo } from 'preact/compat';
import { CopyButton } from '../ui/copy-button.js';
import { highlight } from './highlight.js';

/** Characters of code that still grows which are coloured with every piece. */
const COLOURED_WHILE_OPEN = 1_000;

interface CodeBlockProps {
  /** The code, in one part or several. */
  readonly codes: readonly { readonly text: string; readonly lang?: string | undefined }[];
  readonly children: ComponentChildren;
}

/** A code block with its language and a button that copies it. */
export function CodeBlock({ codes, children }: CodeBlockProps) {
  return (
    <div class="code-block">
      <div class="code-head">
        <span>{languageOf(codes[0]?.lang)}</span>
        <CopyButton text={() => codes.map(({ text }) => text).join('\n')} />
      </div>
      <pre tabIndex={0}>
        <code>{children}</code>
      </pre>
    </div>
  );
}

interface CodeProps {
  readonly text: string;
  /** What stands behind the fence. */
  readonly lang: string | undefined;
  readonly isOpen: boolean;
}

/** Code in colours. Code that is long and still grows gets them when it is complete. */
export const Code = memo(function Code({ text, lang, isOpen }: CodeProps) {
  const isLater = isOpen && text.length > COLOURED_WHILE_OPEN;
  return <>{isLater ? text : highlight(text, languageOf(lang).toLowerCase())}</>;
});

function languageOf(lang = ''): string {
  return /^[\w+#.-]*/.exec(lang)?.[0] ?? '';
}
