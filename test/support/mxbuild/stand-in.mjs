// Stands in for MxBuild, which is not free software: the documented command line, exit codes, problems file and service
// mode, and its bad manners. Of the targets it knows `package` and `deploy`, which every version has; options that change
// nothing in a package are taken and do nothing. What it does is said by a file `stand-in.json` beside the project file: in
// service mode what is `served` in it counts first. How it starts in service mode is said by `serve.json` beside the
// program. Plain JavaScript, for it is copied into toolchains.
//
// Source: the page on MxBuild of the Mendix documentation (options, exit codes, problems file, service mode); that it
// writes into the project, and a byte order mark into the problems file, was measured by others (mxcli,
// cf-mendix-buildpack).
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';

const EXIT = { ok: 0, internal: 1, options: 2, deployment: 3, service: 4 };
const TARGETS = ['package', 'deploy'];
const FLAGS = 'loose-version-check|generate-sbom|export-secrets';
const VALUED = [
  'target|output|model-version|model-description|project-name|write-errors|java-home|java-exe-path',
  'gradle-home|extra-gradle-arguments|sbom-output-path',
].join('|');
const KNOWN = new RegExp(`^--(${FLAGS}|(?:${VALUED})(?==))(?:=(.*))?$`, 's');

function readOptions(args, known) {
  const options = {};
  for (const arg of args) {
    const match = known.exec(arg);
    if (match === null) return fail(EXIT.options, `unknown option ${arg}`);
    options[match[1]] = match[2];
  }
  for (const needed of ['java-home', 'java-exe-path']) {
    if (!existsSync(options[needed] ?? '')) fail(EXIT.options, `--${needed} is missing or names nothing`);
  }
  return options;
}

function readBuildOptions(args) {
  const short = args.indexOf('-o');
  const given = short < 0 ? args : args.toSpliced(short, 2, `--output=${args[short + 1]}`);
  const options = readOptions(given.slice(0, -1), KNOWN);
  const project = given.at(-1);
  if (!TARGETS.includes(options.target ?? 'package')) fail(EXIT.options, `unknown target ${options.target}`);
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
  if (behaviour.unknownOption in options) fail(EXIT.options, `unknown option --${behaviour.unknownOption}`);
  begin(options.project);
  if (behaviour.hang) return setInterval(() => undefined, 1000);
  if (behaviour.crash) process.kill(process.pid, 'SIGSEGV');
  if (behaviour.problems !== undefined) {
    if (options['write-errors'] !== undefined) {
      writeFileSync(options['write-errors'], `\ufeff${JSON.stringify({ problems: behaviour.problems })}`);
    }
    fail(EXIT.deployment, 'The project contains errors.');
  }
  if (behaviour.internal) fail(EXIT.internal, 'Object reference not set to an instance of an object.');
  if (options.target !== 'deploy') writePackage(options, behaviour);
}

function begin(project) {
  console.log(`Building ${project}`);
  // As the real one does, whatever comes of it.
  mkdirSync(join(dirname(project), 'deployment', 'model'), { recursive: true });
  writeFileSync(join(dirname(project), 'deployment', 'model', 'model.mdp'), 'half a model');
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
    ...('generate-sbom' in options && { 'sbom.json': '{"bomFormat":"CycloneDX","specVersion":"1.4"}' }),
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

const KNOWN_SERVED = /^--(serve|host|port|java-home|java-exe-path)(?:=(.*))?$/s;
/** How many builds there were in this process. */
let builds = 0;
let isBusy = false;

function serve({ host, port }) {
  const file = new URL('serve.json', import.meta.url);
  const start = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  console.log(`Starting on port ${port}`);
  if (start.refuse) fail(EXIT.service, 'The service could not be started.');
  if (start.neverListen) return setInterval(() => undefined, 1000);
  const greet = (socket) => socket.on('error', () => undefined).end('220 no web server\r\n');
  if (start.garbage) return createTcpServer(greet).listen(port, host);
  createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
  }).listen(port, host);
}

function answer(request, response, text) {
  const send = (code, body) => response.writeHead(code, { 'content-type': 'application/json' }).end(body);
  if (request.method !== 'POST') return send(400, 'not a POST request');
  if (request.url === '/shutdown') return send(200, '{}') && setImmediate(() => process.exit(EXIT.ok));
  if (request.url !== '/build') return send(404, 'not found');
  const asked = JSON.parse(text);
  if (asked.target !== 'Package' || asked.mdaFilePath === undefined) return send(400, 'the target is missing');
  if (isBusy) return send(200, JSON.stringify({ status: 'Busy' }));
  const behaviour = readBehaviour(dirname(asked.projectFilePath));
  buildServed(asked, { ...behaviour, ...behaviour.served }, send, response);
}

function buildServed(asked, behaviour, send, response) {
  builds += 1;
  begin(asked.projectFilePath);
  const failure = (rest) => send(200, JSON.stringify({ status: 'Failure', message: 'The build failed.', ...rest }));
  if (behaviour.hang) {
    isBusy = true;
    return;
  }
  if (behaviour.crash) process.kill(process.pid, 'SIGSEGV');
  if (behaviour.cut) return response.destroy();
  if (behaviour.garbage) return response.socket.end('no answer at all');
  if (behaviour.answer !== undefined) return send(behaviour.statusCode ?? 200, behaviour.answer);
  if (behaviour.problems?.length > 0) return failure({ problems: { problems: behaviour.problems } });
  if (behaviour.internal || behaviour.problems) return failure({});
  // Before this build has left anything.
  const { HOME, TMPDIR } = process.env;
  const project = dirname(asked.projectFilePath);
  const seen = { project: list(project), around: [...list(dirname(project)), ...list(HOME), ...list(TMPDIR)] };
  if (behaviour.leave !== undefined) {
    for (const folder of [HOME, TMPDIR]) writeFileSync(join(folder, behaviour.leave), 'left');
  }
  const told = behaviour.tell ? { 'model/served.json': JSON.stringify({ builds, seen, asked }) } : {};
  const members = { ...told, ...behaviour.members };
  const options = { 'model-version': asked.modelVersion, 'model-description': asked.modelDescription };
  if (behaviour.link === undefined) writePackage({ ...options, output: asked.mdaFilePath }, { ...behaviour, members });
  else symlinkSync(behaviour.link, asked.mdaFilePath);
  send(200, JSON.stringify({ status: 'Success', restartRequired: true }));
  if (behaviour.fill !== undefined) writeFileSync(join(HOME, 'filler'), Buffer.alloc(behaviour.fill, 'x'));
  if (behaviour.meddle !== undefined) meddle(dirname(asked.projectFilePath), asked.mdaFilePath, behaviour.meddle);
}

function list(folder) {
  return readdirSync(folder).sort();
}

/** Goes on after the build, as a command of a project may: puts links where the server will look. */
function meddle(project, packageFile, target) {
  setInterval(() => {
    for (const path of [project, packageFile, join(dirname(packageFile), 'mxbuild.sock')]) {
      try {
        symlinkSync(target, `${path}.link`);
        rmSync(path, { recursive: true, force: true });
        renameSync(`${path}.link`, path);
      } catch {}
    }
  }, 1);
}

const args = process.argv.slice(2);
if (args.includes('--serve')) serve(readOptions(args, KNOWN_SERVED));
else run(readBuildOptions(args));
