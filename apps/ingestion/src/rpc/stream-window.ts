export interface WindowOptions {
  /** Events that may wait for their answer. */
  maxCount: number;
  /** Characters of their data. */
  maxLength: number;
  /** There is room again: half of both limits. */
  onRoom(): void;
}

/** What has been read of a stream and not been answered. */
export interface StreamWindow {
  /** Answers whether there is room for more. */
  take(length: number): boolean;
  settle(count: number, length: number): void;
  /** Nothing more will be taken: calls `finish` once everything is settled, at once where it is. */
  end(finish: () => void): void;
}

export const makeStreamWindow = ({ maxCount, maxLength, onRoom }: WindowOptions): StreamWindow => {
  let count = 0;
  let length = 0;
  let finish: (() => void) | undefined;
  const hasRoom = (share: number): boolean => count < maxCount * share && length < maxLength * share;

  return {
    take: (taken) => {
      count++;
      length += taken;
      return hasRoom(1);
    },
    settle: (settledCount, settledLength) => {
      count -= settledCount;
      length -= settledLength;
      if (finish !== undefined && count === 0) finish();
      if (finish === undefined && hasRoom(0.5)) onRoom();
    },
    end: (then) => {
      finish ??= then;
      if (count === 0) finish();
    },
  };
};
