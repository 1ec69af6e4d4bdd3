/** A readable order of about 1 KiB, the same for every event but for its number. */
export const payloadOf = (number: number): unknown => ({
  order: `order-${number}`,
  customer: { name: 'Ada Example', mail: 'ada@example.com', country: 'DE' },
  lines: Array.from({ length: 8 }, (_, line) => ({
    sku: `SKU-${(number * 31 + line * 7919) % 1_000_000}`,
    title: 'An article with a name of a usual length',
    quantity: 1 + (line % 3),
    price: 19.99,
  })),
  total: 319.84,
});
