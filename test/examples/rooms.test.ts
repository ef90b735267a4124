import { expect, it } from 'vitest';
import { startExample } from './example.js';

it('room-chat.mjs: two people and an agent talk, and a lost connection loses nothing', async () => {
  const story = await (await startExample('room-chat.mjs')).story;
  for (const line of [
    '[Ada joined team]',
    'server: Welcome',
    'Ada: Shall we ask the agent?',
    'Ada asks: What is 6 * 7?',
    'server: Bob missed nothing',
  ]) {
    expect(story.split('\n').filter((printed) => printed === line)).toHaveLength(1);
  }
  // Once more after his connection was lost.
  expect(story).toContain('[Bob joined team]');
  expect(story).toMatch(/\[the agent answers Ada\] .*42/);
});
