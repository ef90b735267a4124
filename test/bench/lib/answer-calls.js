/**
 * The other end of `Child`: answers calls from the process that started this one, and ends with it.
 * @param {Record<string, (params: any) => unknown>} functions
 * @param {unknown} ready what to say once calls are answered
 */
export function answerCalls(functions, ready = {}) {
  process.on('message', async ({ id, name, params }) => {
    try {
      process.send({ id, result: (await functions[name](params)) ?? null });
    } catch (error) {
      process.send({ id, error: error?.stack ?? String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
  process.send({ id: 0, result: ready });
}
