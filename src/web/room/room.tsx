import { useState } from 'preact/hooks';
import { url, view } from '../page.js';
import { Button } from '../ui/button.js';
import { Field, Form } from '../ui/field.js';
import { useI18n } from '../ui/i18n.js';
import { readKept, writeKept } from '../ui/kept.js';
import { useValue } from '../ui/signal.js';
import { keptToken } from '../talk/link.js';
import { Tag } from '../ui/facts.js';
import { RoomMember } from './room-member.js';
import { type Side, sides } from './side.js';

/** A room that two people of this page meet in, side by side. */
export function Room({ isHidden }: { readonly isHidden: boolean }) {
  const { t } = useI18n();
  const [room, setRoom] = useState(() => readKept('sessionStorage', 'room') ?? 'team');
  const back = (): void => {
    view.value = 'conversation';
    requestAnimationFrame(() => document.getElementById('room-open')?.focus());
  };
  const isUsed = [useValue(sides[0].client), useValue(sides[1].client)].some((client) => client !== undefined);
  return (
    <section class="conversation room" id="room" tabIndex={-1} aria-labelledby="room-title" hidden={isHidden}>
      <div class="room-bar line">
        <h2 class="grow ellipsis" id="room-title">
          {t('room.title')}
        </h2>
        <label class="line tiny">
          <span class="muted">{t('view.room')}</span>
          <input
            type="text"
            id="room-name"
            maxLength={128}
            autocomplete="off"
            spellcheck={false}
            readOnly={isUsed}
            value={room}
            onInput={({ currentTarget }) => {
              setRoom(currentTarget.value);
              writeKept('sessionStorage', 'room', currentTarget.value.trim());
            }}
          />
        </label>
        <Button kind="icon" icon="close" class="icon-button only-wide" label={t('room.back')} onClick={back} />
      </div>
      <div class="sides">
        {sides.map((side) => (
          <SideView key={side.name} side={side} room={room.trim()} />
        ))}
      </div>
    </section>
  );
}

/** One of the two: the way into the room, and then the room as it sees it. */
function SideView({ side, room }: { readonly side: Side; readonly room: string }) {
  const { t } = useI18n();
  const client = useValue(side.client);
  const [written, setWritten] = useState<string>();
  const [token, setToken] = useState(() => (side.name === 'A' ? keptToken() : ''));
  const [problem, setProblem] = useState<string>();
  const name = written ?? t(`room.person.${side.name}`);
  const join = (): void => {
    try {
      side.enter(url.value.trim(), token.trim());
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const id = `room-${side.name}`;
  if (client !== undefined) return <RoomMember side={side} client={client} roomName={room} name={name.trim()} />;
  return (
    <Form class="member card" aria-label={`${side.name} · ${t('room.join')}`} onSend={join}>
      <div class="side-entrance stack">
        <Tag tone="plain">{side.name}</Tag>
        <Field id={`${id}-person`} label={t('room.person')}>
          <input
            type="text"
            id={`${id}-person`}
            maxLength={64}
            autocomplete="off"
            spellcheck={false}
            value={name}
            onInput={({ currentTarget }) => setWritten(currentTarget.value)}
          />
        </Field>
        <Field id={`${id}-token`} label={t('connection.token')} help={t('room.help')} problem={problem}>
          <input
            type="password"
            id={`${id}-token`}
            autocomplete="off"
            aria-describedby={`${id}-token-help ${id}-token-problem`}
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </Field>
        <Button kind="primary" type="submit" icon="people" label={t('room.join')} />
      </div>
    </Form>
  );
}
