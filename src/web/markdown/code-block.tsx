import { memo } from 'preact/compat';
import { CopyButton } from '../ui/copy-button.js';
import { highlight } from './highlight.js';

/** Characters of code that still grows which are coloured with every piece. */
const COLOURED_WHILE_OPEN = 1_000;

interface CodeBlockProps {
  /** The code, in one part or several, with what stands behind the fence. */
  readonly codes: readonly { readonly text: string; readonly lang?: string | undefined }[];
  /** Whether the last part still grows. */
  readonly isOpen?: boolean;
}

/** A code block with its language and a button that copies it. */
export function CodeBlock({ codes, isOpen = false }: CodeBlockProps) {
  const language = /^[\w+#.-]*/.exec(codes[0]?.lang ?? '')?.[0] ?? '';
  return (
    <div class="code-block">
      <div class="code-head">
        <span>{language}</span>
        <CopyButton text={() => codes.map(({ text }) => text).join('\n')} />
      </div>
      <pre tabIndex={0}>
        <code>
          {codes.map(({ text }, index) => {
            const isLater = isOpen && index === codes.length - 1 && text.length > COLOURED_WHILE_OPEN;
            return <Code key={index} text={text} language={isLater ? '' : language.toLowerCase()} />;
          })}
        </code>
      </pre>
    </div>
  );
}

/** A part of the code, in colours. A part that is long and still grows gets them when it is complete. */
const Code = memo(function Code({ text, language }: { readonly text: string; readonly language: string }) {
  return <span class="part">{highlight(text, language)}</span>;
});
