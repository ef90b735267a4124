import type { ComponentChildren, JSX } from 'preact';

export interface TableRow extends Pick<JSX.IntrinsicElements['tr'], 'id' | 'aria-current'> {
  /** For rows that move. */
  readonly key?: string;
  /** The first one names the row. */
  readonly cells: readonly ComponentChildren[];
  readonly [data: `data-${string}`]: string;
}

interface TableProps extends Pick<JSX.IntrinsicElements['table'], 'hidden' | 'aria-label'> {
  /** Of the body of the table. */
  readonly id?: string;
  readonly caption?: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

export function Table({ id, caption, columns, rows, ...attributes }: TableProps) {
  return (
    <table class="table" {...attributes}>
      {caption !== undefined && <caption>{caption}</caption>}
      <thead>
        <tr>
          {columns.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody id={id}>
        {rows.map(({ key, cells: [name, ...cells], ...row }, index) => (
          <tr key={key ?? index} {...row}>
            <th scope="row">{name}</th>
            {cells.map((cell, at) => (
              <td key={at}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
