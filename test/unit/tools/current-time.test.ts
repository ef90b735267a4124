import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../src/runtime/option-error.js';
import { createCurrentTime, currentTime } from '../../../src/tools/current-time.js';
import { errorOf, executeTool } from './execute-tool.js';

/** A Sunday, 23:30:15.999 UTC. */
const MOMENT = Date.UTC(2026, 10, 22, 23, 30, 15, 999);

describe('current_time', () => {
  it.each([
    ['UTC', '2026-11-22T23:30:15+00:00', 'Sunday'],
    ['Asia/Shanghai', '2026-11-23T07:30:15+08:00', 'Monday'],
    ['Asia/Kolkata', '2026-11-23T05:00:15+05:30', 'Monday'],
    ['America/St_Johns', '2026-11-22T20:00:15-03:30', 'Sunday'],
    ['America/New_York', '2026-11-22T18:30:15-05:00', 'Sunday'],
    ['Pacific/Kiritimati', '2026-11-23T13:30:15+14:00', 'Monday'],
  ])('tells the time in %s', async (zone, time, weekday) => {
    const tool = createCurrentTime({ now: () => MOMENT });
    const result = await executeTool(tool, { time_zone: zone });
    expect(result).toEqual({ time, unix_seconds: 1795390215, time_zone: zone, weekday });
    expect(Math.floor(Date.parse(time) / 1000)).toBe(1795390215);
  });

  it('follows summer time', async () => {
    const tool = createCurrentTime({ now: () => Date.UTC(2026, 6, 1, 22, 0, 0) });
    expect(await executeTool(tool, { time_zone: 'Europe/Berlin' })).toMatchObject({
      time: '2026-07-02T00:00:00+02:00',
      weekday: 'Thursday',
    });
  });

  it('asks the clock at every call', async () => {
    let now = 1000;
    const tool = createCurrentTime({ now: () => now, timeZone: 'UTC' });
    expect(await executeTool(tool, {})).toMatchObject({ time: '1970-01-01T00:00:01+00:00', unix_seconds: 1 });
    now = 61_000;
    expect(await executeTool(tool, {})).toMatchObject({ time: '1970-01-01T00:01:01+00:00', unix_seconds: 61 });
  });

  it('uses the time zone of the option, else that of the server', async () => {
    const shanghai = createCurrentTime({ now: () => MOMENT, timeZone: 'Asia/Shanghai' });
    expect(await executeTool(shanghai, {})).toMatchObject({ time_zone: 'Asia/Shanghai' });
    const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    expect(await executeTool(currentTime, {})).toMatchObject({ time_zone: here });
  });

  it('runs on the clock of the machine by default', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { unix_seconds } = (await executeTool(currentTime, { time_zone: 'UTC' })) as { unix_seconds: number };
    expect(unix_seconds).toBeGreaterThanOrEqual(before);
    expect(unix_seconds).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });

  it.each(['Mars/Olympus', '', '+08:00', 'constructor', '../etc/passwd', 'UTC\u0000', 'a'.repeat(65), 5, null])(
    'refuses %j as a time zone',
    async (zone) => {
      expect(await errorOf(() => executeTool(currentTime, { time_zone: zone }))).toMatchObject({
        code: 'invalid_params',
      });
    },
  );

  it('says how a time zone is named', async () => {
    expect(await errorOf(() => executeTool(currentTime, { time_zone: 'Beijing' }))).toMatchObject({
      message: expect.stringContaining('"Asia/Shanghai"') as unknown,
    });
  });

  it('refuses an option that is no time zone at construction', () => {
    expect(() => createCurrentTime({ timeZone: 'Beijing' })).toThrow(OptionError);
  });

  it('describes itself to a model', () => {
    expect(currentTime.name).toBe('current_time');
    expect(currentTime.parameters).toMatchObject({ type: 'object', properties: { time_zone: { type: 'string' } } });
    expect(currentTime.parameters['required'] ?? []).toEqual([]);
  });
});
