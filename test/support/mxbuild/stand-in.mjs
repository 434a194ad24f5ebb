// Stands in for MxBuild, which is not free software: the documented command line, exit codes and problems file, and its
// bad manners. What it does is said by a file `stand-in.json` beside the project file. Plain JavaScript, for it is copied
// into toolchains.
//
// Source: the page on MxBuild of the Mendix documentation (options, exit codes, problems file); that it writes into the
// project, and a byte order mark into the problems file, was measured by others (mxcli, cf-mendix-buildpack).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';

const EXIT = { ok: 0, internal: 1, options: 2, deployment: 3 };
const KNOWN =
  /^--(target|output|model-version|model-description|project-name|write-errors|java-home|java-exe-path)=(.*)$/s;

function readOptions(args) {
  const options = {};
  const project = args.at(-1);
  for (const arg of args.slice(0, -1)) {
    const match = KNOWN.exec(arg);
    if (match === null) return fail(EXIT.options, `unknown option ${arg}`);
    options[match[1]] = match[2];
  }
  for (const needed of ['java-home', 'java-exe-path']) {
    if (!existsSync(options[needed] ?? '')) fail(EXIT.options, `--${needed} is missing or names nothing`);
  }
  if (project === undefined || !existsSync(project)) fail(EXIT.options, 'there is no project file');
  return { ...options, project: resolve(project) };
}

function fail(code, message) {
  console.error(message);
  process.exit(code);
}

function run(options) {
  const folder = dirname(options.project);
  const behaviour = readBehaviour(folder);
  console.log(`Building ${options.project}`);
  // As the real one does, whatever comes of it.
  mkdirSync(join(folder, 'deployment', 'model'), { recursive: true });
  writeFileSync(join(folder, 'deployment', 'model', 'model.mdp'), 'half a model');
  if (behaviour.hang) return setInterval(() => undefined, 1000);
  if (behaviour.crash) process.kill(process.pid, 'SIGSEGV');
  if (behaviour.problems !== undefined) {
    if (options['write-errors'] !== undefined) {
      writeFileSync(options['write-errors'], `\ufeff${JSON.stringify({ problems: behaviour.problems })}`);
    }
    fail(EXIT.deployment, 'The project contains errors.');
  }
  if (behaviour.internal) fail(EXIT.internal, 'Object reference not set to an instance of an object.');
  writePackage(options, behaviour);
}

function readBehaviour(folder) {
  const file = join(folder, 'stand-in.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

function writePackage(options, behaviour) {
  const version = readFileSync(new URL('version.txt', import.meta.url), 'utf8').trim();
  const metadata = {
    RuntimeVersion: version,
    ModelVersion: options['model-version'] ?? 'unversioned',
    Description: options['model-description'] ?? '',
    ...behaviour.metadata,
  };
  const members = {
    'model/metadata.json': JSON.stringify(metadata),
    'model/model.mdp': 'a model',
    'web/index.html': '<!doctype html>',
    ...behaviour.members,
  };
  const wanted = Object.entries(members).filter(([, text]) => text !== null);
  const bytes = zip(wanted.map(([name, text]) => [name, Buffer.from(text)]));
  const output = options.output ?? 'out.mda';
  if (!behaviour.noPackage) writeFileSync(output, behaviour.torn ? bytes.subarray(0, bytes.length / 2) : bytes);
}

/** A zip of stored members. */
function zip(members) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, bytes] of members) {
    const facts = Buffer.alloc(22);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(bytes.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(Buffer.byteLength(name), 0);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts, lengths, Buffer.from(name), bytes]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const made = Buffer.from([20, 3]);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), made, facts, lengths, rest, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, central, Buffer.from('PK\x05\x06'), end]);
}

run(readOptions(process.argv.slice(2)));
