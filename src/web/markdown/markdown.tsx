import { memo } from 'preact/compat';
import { useEffect, useReducer, useState } from 'preact/hooks';
import { BlockView } from './block.js';
import { MarkdownReader, type Block } from './reader.js';

/** What reading may take of a frame, in milliseconds. */
const BUDGET = 8;

interface MarkdownProps {
  readonly text: string;
  /** Whether more of the text will come. */
  readonly streaming?: boolean;
}

/** Shows a text in Markdown. A long one appears over several frames. */
export function Markdown({ text, streaming = false }: MarkdownProps) {
  const [reader] = useState(() => new MarkdownReader());
  const [, readOn] = useReducer((count: number) => count + 1, 0);
  const end = performance.now() + BUDGET;
  const isDone = reader.read(text, streaming, () => performance.now() < end);
  useEffect(() => {
    if (isDone) return undefined;
    const frame = requestAnimationFrame(() => readOn(undefined));
    return () => cancelAnimationFrame(frame);
  });
  return (
    <div class="prose" data-streaming={streaming ? '' : undefined}>
      {reader.pages.map((blocks, index) => (
        <Page key={index} blocks={blocks} />
      ))}
    </div>
  );
}

const Page = memo(function Page({ blocks }: { readonly blocks: readonly Block[] }) {
  return (
    <div class="prose-page">
      {blocks.map((block) => (
        <BlockView key={block.index} block={block} />
      ))}
    </div>
  );
});
