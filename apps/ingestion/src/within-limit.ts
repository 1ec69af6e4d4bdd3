const limitSteps = 10;

/**
 * Rejects when the work takes longer than the limit. Counted in steps, of which a busy event loop passes one at a time: a
 * process that had no time to read an answer must not take the database for gone.
 */
export const withinLimit = async <Result>(work: Promise<Result>, limitMs: number): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    let steps = 0;
    timer = setInterval(() => {
      if (++steps === limitSteps) reject(new Error(`no answer within ${limitMs} ms`));
    }, limitMs / limitSteps);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearInterval(timer);
  }
};
