import { RequestQueue } from './request-queue.js';

interface Request {
  readonly answerBytes: number;
  readonly end: () => void;
  readonly ended: Promise<void>;
}

function request(answerBytes: number): Request {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { answerBytes, end, ended };
}

function queueOf(limits: { readonly requests: number; readonly answerBytes: number }) {
  const begun: Request[] = [];
  const client = { unread: 0, progress: 0 };
  const begin = (next: Request): Promise<void> => {
    begun.push(next);
    return next.ended;
  };
  const queue = new RequestQueue<Request>(
    limits,
    begin,
    () => client.unread,
    () => client.progress++,
  );
  return { queue, begun, client };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a queue of requests', () => {
  it('begins as many as may be under way, in their order', async () => {
    const { queue, begun, client } = queueOf({ requests: 2, answerBytes: 1000 });
    const requests = Array.from({ length: 5 }, () => request(1));
    expect(queue.open).toBe(true);
    for (const next of requests) queue.add(next);
    expect([begun.length, queue.open, queue.idle]).toEqual([2, false, false]);
    requests[1]?.end();
    await turn();
    expect([begun, client.progress]).toEqual([requests.slice(0, 3), 1]);
    for (const next of requests) next.end();
    await turn();
    expect([begun, queue.open, queue.idle]).toEqual([requests, true, true]);
  });

  it('begins none whose answer would be too much beside those that are under way or unread', async () => {
    const { queue, begun, client } = queueOf({ requests: 64, answerBytes: 100 });
    const [first, second, third] = [request(60), request(60), request(10)];
    queue.add(first);
    queue.add(second);
    queue.add(third);
    // The third one would fit, but requests start in their order.
    expect(begun).toEqual([first]);
    client.unread = 100;
    first.end();
    await turn();
    expect([begun, queue.open]).toEqual([[first], false]);
    client.unread = 99;
    queue.advance();
    expect(begun).toEqual([first, second]);
  });

  it('lets a single answer of any size through, and forgets what has not begun', () => {
    const { queue, begun } = queueOf({ requests: 64, answerBytes: 100 });
    const huge = request(Number.MAX_SAFE_INTEGER);
    queue.add(huge);
    queue.add(request(1));
    expect(begun).toEqual([huge]);
    queue.clear();
    expect([queue.idle, queue.open]).toEqual([false, true]);
  });
});
