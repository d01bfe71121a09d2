/**
 * What drawing may take of a machine while steps are taken as fast as it goes, where it takes time from them:
 * numbers, and pictures beside them.
 */
const SHARES = { numbers: 1 / 20, pictures: 1 / 40 };
export const LONGEST = 200; // milliseconds of rest: the page is seen to live
const RECENT = 5; // costs of which the least is taken: the clock counts what else the machine does too

/**
 * Says when the next frame is due, and whether pictures are drawn with it, from what the last ones cost.
 * Times are in milliseconds.
 * @param {number} processors of the machine: the page keeps one of them busy
 * @param {() => number} [now] the clock
 */
export function pacer(processors, now = () => performance.now()) {
  const costs = { true: [], false: [] }; // with pictures, and without
  let picturesDue = 0;
  const least = (full) => Math.min(...costs[full]);
  return {
    /** Whether pictures are drawn with a frame that is asked for now. */
    full: () => now() >= picturesDue,
    /**
     * How long to wait after a frame.
     * @param {number} cost the time that the page was busy with it
     * @param {boolean} full whether pictures were drawn with it
     * @param {{playing: boolean, pace: number | null}} frame at a pace, each step is to be seen: no waiting
     */
    restAfter(cost, full, { playing, pace }) {
      if (!playing || pace !== null) {
        picturesDue = 0;
        return 0;
      }
      costs[full] = [...costs[full].slice(1 - RECENT), cost];
      const numbers = costs.false.length ? least(false) : least(true) / 2;
      const every = (own, share) => Math.max(own, 0) / (share * processors);
      if (full) picturesDue = now() + every(least(true) - numbers, SHARES.pictures);
      return Math.min(Math.max(every(numbers, SHARES.numbers) - cost, 0), LONGEST);
    },
  };
}

/**
 * What a frame costs: the time of its message and of what follows from it, and the time of its painting.
 * @param {() => void} take takes it and changes the page
 * @param {(cost: number) => void} then called once it is painted
 */
export function timed(take, then) {
  const began = performance.now();
  take();
  queueMicrotask(() => {
    const taken = performance.now() - began; // components that changed are made again before this
    requestAnimationFrame(() => {
      const painting = performance.now();
      const painted = new MessageChannel();
      painted.port1.onmessage = () => then(taken + performance.now() - painting);
      painted.port2.postMessage(0);
    });
  });
}
