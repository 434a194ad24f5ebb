import { createCipheriv, hash } from 'node:crypto';

/** Bytes that nothing can shrink, the same for the same seed. */
export function noise(sizeBytes: number, seed: string): Buffer {
  const key = hash('sha256', seed, 'buffer').subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

/** Text that deflates about as well as source code does, the same for the same seed. */
export function sourceText(sizeBytes: number, seed: string): Buffer {
  const dice = noise(Math.ceil(sizeBytes / 6) + 64, seed);
  const lines: string[] = [];
  let length = 0;
  for (let at = 0; length < sizeBytes; at += 4) {
    const roll = dice.readUInt32LE(at % (dice.length - 4));
    const [a, b, c, d] = [roll & 255, (roll >> 8) & 255, (roll >> 16) & 255, roll >>> 24];
    const line = `${INDENTS[a % 4]}${WORDS[b % 24]}.${WORDS[c % 24]}${d}(${WORDS[(a + d) % 24]}, '${c}');\n`;
    lines.push(line);
    length += line.length;
  }
  return Buffer.from(lines.join('').slice(0, sizeBytes));
}

const INDENTS = ['', '  ', '    ', '      '];
const WORDS = (
  'microflow entity attribute context session value result commit retrieve change object list ' +
  'string integer boolean decimal association member parameter action return create delete rollback'
).split(' ');
