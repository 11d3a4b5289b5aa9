/** Rows that show both machines, drawn again only when what they show has changed. */
import { Component, type ComponentChildren, type JSX } from 'preact';
import type { Both, Paired } from './machine-view.ts';

/** A row is drawn again only when what it shows has changed: most do not from one op to the next. */
export class Still extends Component<{ readonly of: unknown; readonly draw: () => JSX.Element }> {
  override shouldComponentUpdate({ of }: { readonly of: unknown }): boolean {
    return JSON.stringify(of) !== JSON.stringify(this.props.of);
  }

  override render(): JSX.Element {
    return this.props.draw();
  }
}

/** The same for what is made of whole objects, which change only as a whole. */
export class Same extends Component<{ readonly of: readonly unknown[]; readonly draw: () => ComponentChildren }> {
  override shouldComponentUpdate({ of }: { readonly of: readonly unknown[] }): boolean {
    return of.some((one, i) => one !== this.props.of[i]);
  }

  override render(): ComponentChildren {
    return this.props.draw();
  }
}

/** One row: what it is, then the reference's, then the candidate's. */
export const Row = ({
  head,
  sides,
  differs,
}: {
  readonly head: ComponentChildren;
  readonly sides: readonly [ComponentChildren, ComponentChildren];
  readonly differs: boolean;
}): JSX.Element => (
  <tr class={differs ? 'differs' : ''}>
    <th scope="row">
      {head}
      {differs && (
        <span class="unequal">
          {' '}
          <span aria-hidden="true">≠</span>
          <span class="hidden">differs</span>
        </span>
      )}
    </th>
    <td>{sides[0]}</td>
    <td>{sides[1]}</td>
  </tr>
);

export const NONE = <span class="none">none</span>;
/** Beside a row of an address space that one machine has not got. */
export const ABSENT = <span class="none">·</span>;

export const map = <T,>(
  sides: Both<T>,
  draw: (side: T) => ComponentChildren,
  missing = NONE,
): [ComponentChildren, ComponentChildren] => [
  sides[0] === null ? missing : draw(sides[0]),
  sides[1] === null ? missing : draw(sides[1]),
];

/** Rows of a table that are laid out, painted and compared together: most are out of sight. */
const CHUNK = 24;

/** Rows in tables of some each; a table in which nothing has changed is not drawn again. */
export function Rows<T>({
  label,
  rows,
  draw,
}: {
  readonly label: string;
  readonly rows: readonly Paired<T>[];
  readonly draw: (row: Paired<T>) => JSX.Element;
}): JSX.Element {
  const chunks = Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_none, i) =>
    rows.slice(i * CHUNK, (i + 1) * CHUNK),
  );
  return (
    <>
      {chunks.map((chunk, i) => (
        <Still
          key={i}
          of={chunk}
          draw={() => (
            <div class="chunk">
              <table class="machine" aria-label={label}>
                <tbody>{chunk.map(draw)}</tbody>
              </table>
            </div>
          )}
        />
      ))}
    </>
  );
}
