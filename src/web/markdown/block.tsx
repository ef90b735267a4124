import type { Tokens } from 'marked';
import type { ComponentChildren, JSX } from 'preact';
import { memo } from 'preact/compat';
import { CodeBlock } from './code-block.js';
import { inline } from './inline.js';
import { known, type Token } from './lexer.js';
import type { Block } from './reader.js';

/** The page has headings of its own above those of a text. */
const HEADINGS = ['h3', 'h4', 'h5', 'h6', 'h6', 'h6'] as const;

/** A block of a text. Only the part that changed is drawn again, and only a part that is near is laid out. */
export const BlockView = memo(function BlockView({ block: { parts, isOpen } }: { readonly block: Block }) {
  const codes = parts.filter((part) => part.type === 'code');
  if (codes.length > 0) return <CodeBlock codes={codes} isOpen={isOpen} />;
  const last = parts.length - 1;
  const drawn = parts.map((token, index) => (
    <Part key={index} token={token} start={startOf(parts, index)} isOpen={isOpen && index === last} />
  ));
  return last === 0 ? <>{drawn}</> : <div class="parts">{drawn}</div>;
});

/** Where a part of a list begins to count: its own first number says less than the items before it. */
function startOf(parts: readonly Token[], index: number): number {
  const lists = parts.slice(0, index + 1).filter((part) => part.type === 'list');
  const before = lists.slice(0, -1).reduce((count, { items }) => count + items.length, 0);
  return Number(lists[0]?.start ?? 1) + before;
}

interface PartProps {
  readonly token: Token;
  /** The number of the first item of a list, if it is not the one in the token. */
  readonly start?: number;
  readonly isOpen: boolean;
}

const Part = memo(function Part({ token, start, isOpen }: PartProps) {
  switch (token.type) {
    case 'heading': {
      const Heading = HEADINGS[token.depth - 1] ?? 'h6';
      return <Heading data-level={token.depth}>{inline(token.tokens)}</Heading>;
    }
    case 'paragraph':
      return <p>{inline(token.tokens)}</p>;
    case 'code':
      return <CodeBlock codes={[token]} isOpen={isOpen} />;
    case 'blockquote':
      return <blockquote>{inside(token.tokens, isOpen)}</blockquote>;
    case 'list': {
      const items = token.items.map((item) => (
        <li class={item.task ? 'task' : undefined}>{inside(item.tokens, isOpen)}</li>
      ));
      return token.ordered ? <ol start={start ?? (token.start || 1)}>{items}</ol> : <ul>{items}</ul>;
    }
    case 'hr':
      return <hr />;
    case 'table':
      return (
        <div class="table-box" tabIndex={0}>
          <table>
            <thead>{row(token.header, 'th')}</thead>
            <tbody>{token.rows.map((cells) => row(cells, 'td'))}</tbody>
          </table>
        </div>
      );
    case 'html':
      return <p class="html">{token.text.trimEnd()}</p>;
    case 'space':
    case 'def':
      return null;
    default:
      return <>{inline([token])}</>;
  }
});

function inside(tokens: readonly { readonly type: string }[], isOpen: boolean): ComponentChildren {
  return known(tokens).map((token) => <Part token={token} isOpen={isOpen} />);
}

function row(cells: readonly Tokens.TableCell[], Tag: 'th' | 'td'): JSX.Element {
  return (
    <tr>
      {cells.map(({ align, tokens }) => (
        <Tag data-align={align ?? undefined}>{inline(tokens)}</Tag>
      ))}
    </tr>
  );
}
