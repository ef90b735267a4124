import { Fragment, isValidElement, type ComponentChildren } from 'preact';

/** What components draw, as text that can be compared. It has no page, so it runs no effects. */
export function drawn(node: ComponentChildren): string {
  if (Array.isArray(node)) return node.map((child: ComponentChildren) => drawn(child)).join('');
  if (typeof node === 'string' || typeof node === 'number') return String(node);
  if (!isValidElement(node)) return '';
  const { children, ...props } = node.props as { children?: ComponentChildren; [name: string]: unknown };
  if (node.type === Fragment) return drawn(children);
  if (typeof node.type === 'function') {
    const component = node.type as (this: object, props: unknown) => ComponentChildren;
    return drawn(component.call({}, node.props));
  }
  const attributes = Object.entries(props)
    .filter(([, value]) => value !== undefined && value !== false)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${String(value)}"`));
  return `<${node.type}${attributes.join('')}>${drawn(children)}</${node.type}>`;
}
