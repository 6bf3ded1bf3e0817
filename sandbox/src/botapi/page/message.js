// How messages look: text with its entities, pictures, quotes, keyboards, separators.

import { fullName, world } from './api.js';

const HUES = ['#e17076', '#eda86c', '#a695e7', '#7bc862', '#6ec9cb', '#65aadd', '#ee7aae'];
const AVATARS = [['#ff885e', '#ff516a'], ['#ffcd6a', '#ffa85c'], ['#82b1ff', '#665fff'], ['#a0de7e', '#54cb68'],
  ['#53edd6', '#28c9b7'], ['#72d5fd', '#2a9ef1'], ['#e0a2f3', '#d669ed']];
const PATHS = {
  tick: 'M3.5 9.6l3.4 3.5 7-8',
  ticks: 'M1 9.6l3.4 3.5 7-8M8.3 12.2l.9.9 7-8',
  link: 'M7 17 17 7M9 7h8v8',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  reply: 'M10 8V4L3 11l7 7v-4c5 0 8 1.5 11 5-1-6-4-11-11-11z',
  send: 'M3 20.5v-6.5l9-2-9-2V3.5L22 12z',
  back: 'M19 12H5M11 6l-6 6 6 6',
  more: 'M12 5.5v.01M12 12v.01M12 18.5v.01',
  panel: 'M4 5h16v14H4zM14.5 5v14',
  down: 'M6 9.5l6 6 6-6',
  close: 'M6 6l12 12M18 6 6 18',
  add: 'M12 5v14M5 12h14',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5',
  group: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-4 2.800-6 6.5-6s6.5 2 6.5 6M16 4.5a3.400 3.400 0 0 1 0 6.300M17.5 14.300c2.600.6 4 2.600 4 5.700',
  bot: 'M7 9h10a3 3 0 0 1 3 3v4a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3v-4a3 3 0 0 1 3-3zM12 9V5M9 13.5v1M15 13.5v1',
};
const SVG = 'http://www.w3.org/2000/svg';

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', name.startsWith('tick') ? '0 0 18 18' : '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  if (name === 'more') svg.style.strokeWidth = 3;
  return svg;
}

// element('b', { class: 'x', onclick }, 'text', child)
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const hueOf = (id) => HUES[Math.abs(id) % HUES.length];

export function avatar(id, name, small) {
  const node = element('span', { class: small ? 'avatar small' : 'avatar', 'aria-hidden': 'true' });
  const [a, b] = id === world.bot.id ? ['#5caffa', '#2f7fd1'] : AVATARS[Math.abs(id) % AVATARS.length];
  node.style.setProperty('--a', a);
  node.style.setProperty('--b', b);
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  node.append(letters.map((word) => [...word][0] ?? '').join('').toUpperCase());
  return node;
}

const two = (number) => String(number).padStart(2, '0');
export function clock(date) {
  const time = new Date(date * 1000);
  return `${two(time.getHours())}:${two(time.getMinutes())}`;
}
export function day(date) {
  const then = new Date(date * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  const year = then.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  return then.toLocaleDateString('en', { day: 'numeric', month: 'long', year });
}

// One line that stands for a message, in the chat list and in quotes.
export function summary(message) {
  if (message.new_chat_members) return `${message.new_chat_members.map(fullName).join(', ')} joined the group`;
  if (message.left_chat_member) return `${fullName(message.left_chat_member)} left the group`;
  if (message.new_chat_title) return `The group is now called “${message.new_chat_title}”`;
  const text = (message.text ?? message.caption ?? '').replace(/\s+/g, ' ');
  if (message.photo) return `🖼 ${text || 'Photo'}`;
  if (message.document) return `📎 ${message.document.file_name}`;
  return text;
}

// Text with entities; offsets are UTF-16 units, as in JavaScript's strings.
export function rich(text, entities = [], act) {
  const nested = (from, to, rest) => {
    const nodes = [];
    let at = from;
    while (rest.length) {
      const entity = rest[0];
      const start = Math.max(entity.offset, at);
      const end = Math.min(entity.offset + entity.length, to);
      let inside = 1;
      while (inside < rest.length && rest[inside].offset < end) inside += 1;
      const inner = rest.slice(1, inside);
      rest = rest.slice(inside);
      if (start >= end) continue;
      if (start > at) nodes.push(text.slice(at, start));
      nodes.push(look(entity, text.slice(start, end), nested(start, end, inner), act));
      at = end;
    }
    if (at < to) nodes.push(text.slice(at, to));
    return nodes;
  };
  return nested(0, text.length, entities);
}

function look(entity, text, children, act) {
  const plain = { bold: 'strong', italic: 'em', underline: 'u', strikethrough: 's', blockquote: 'blockquote', expandable_blockquote: 'blockquote' };
  if (plain[entity.type]) return element(plain[entity.type], {}, children);
  const copy = { title: 'Copy', tabindex: 0, role: 'button', onclick: () => act.copy(text), onkeydown: (e) => e.key === 'Enter' && act.copy(text) };
  switch (entity.type) {
    case 'code': return element('code', copy, children);
    case 'pre': return element('pre', copy, children);
    case 'text_link': return anchor(entity.url, children, act);
    case 'url': return anchor(text.includes('://') ? text : `https://${text}`, children, act);
    case 'bot_command': return element('button', { type: 'button', class: 'cmd', onclick: () => act.say(text) }, children);
    case 'mention': case 'hashtag': case 'cashtag': case 'text_mention':
      return element('a', {}, children);
    case 'spoiler': return element('span', { class: 'spoiler', tabindex: 0, role: 'button', onclick: (e) => e.currentTarget.classList.add('shown') }, children);
    default: return element('span', {}, children);
  }
}

function anchor(url, children, act) {
  if (!/^(https?|tg|ton):\/\//i.test(url)) return element('span', {}, children);
  return element('a', { href: url, target: '_blank', rel: 'noopener noreferrer', onclick: (event) => act.open(url, event) }, children);
}

function quote(message, act) {
  const node = element('button', { type: 'button', class: 'quote', onclick: () => act.jump(message.message_id) },
    element('b', {}, fullName(message.from)), element('span', {}, summary(message)));
  node.style.setProperty('--hue', message.from.is_bot ? 'var(--accent)' : hueOf(message.from.id));
  return node;
}
export { quote };

function meta(stored, mine) {
  const { message } = stored;
  const seen = stored.update_id === undefined || stored.update_id < world.confirmedBelow;
  const node = element('span', { class: 'meta' }, message.edit_date ? 'edited ' : null, clock(message.date));
  if (mine) {
    const tick = icon(seen ? 'ticks' : 'tick');
    node.append(tick);
    node.title = seen ? 'The bot has it' : 'Not fetched by the bot yet';
  }
  return node;
}

function key(stored, button, act) {
  const node = element('button', { type: 'button', class: `key ${button.style ?? ''}`, title: button.text }, button.text);
  if (button.url) node.append(icon('link'));
  if (button.copy_text) node.append(icon('copy'));
  node.addEventListener('click', (event) => {
    if (button.url) act.open(button.url, event, true);
    else if (button.copy_text) act.copy(button.copy_text.text);
    else if (button.callback_data !== undefined) act.press(stored, button, node);
    else if (button.switch_inline_query_current_chat !== undefined) act.type(`@${world.bot.username} ${button.switch_inline_query_current_chat}`);
    else act.toast('Inline mode is not part of this page');
  });
  return node;
}

// A message with everything around it. `place` says how it stands to its neighbours.
export function row(stored, place, act) {
  const { message } = stored;
  const { mine, group, first, last } = place;
  const bubble = element('div', { class: `bubble${first ? ' first' : ''}${last ? ' tail' : ''}` });
  if (group && !mine && first) {
    const name = element('span', { class: 'sender' }, message.from.is_bot ? element('small', {}, 'bot') : null, fullName(message.from));
    name.style.color = message.from.is_bot ? 'var(--accent)' : hueOf(message.from.id);
    bubble.append(name);
  }
  if (message.reply_to_message) bubble.append(quote(message.reply_to_message, act));
  const text = message.text ?? message.caption;
  if (message.photo) {
    const { file_id: id, width, height } = message.photo[0];
    const image = element('img', { src: `/sandbox/files/${encodeURIComponent(id)}`, alt: message.caption ?? 'Photo', width, height });
    bubble.append(element('a', { class: 'photo', href: image.src, target: '_blank' }, image));
    if (!text) bubble.classList.add('bare');
  }
  if (message.document) {
    const { file_id: id, file_name: name, file_size: size } = message.document;
    bubble.append(element('a', { class: 'file', href: `/sandbox/files/${encodeURIComponent(id)}`, download: name },
      element('i', {}, icon('file')), element('span', {}, element('b', {}, name), element('small', {}, `${Math.ceil(size / 1024)} KB`))));
  }
  const footer = meta(stored, mine);
  if (text) bubble.append(element('div', { class: 'text' }, rich(text, message.entities ?? message.caption_entities, act), footer));
  else bubble.append(footer);
  bubble.append(element('button', { type: 'button', class: 'reply-button', 'aria-label': 'Reply', onclick: () => act.reply(stored) }, icon('reply')));
  bubble.addEventListener('dblclick', (event) => { if (event.target === bubble) act.reply(stored); });

  const stack = element('div', { class: `stack${message.reply_markup ? ' keyed' : ''}${message.photo ? ' pictured' : ''}` }, bubble);
  if (message.reply_markup) {
    stack.append(element('div', { class: 'keyboard' }, message.reply_markup.inline_keyboard.map((keys) =>
      element('div', {}, keys.map((button) => key(stored, button, act))))));
  }
  const side = group && !mine
    ? (last ? avatar(message.from.id, fullName(message.from), true) : element('span', { class: 'gap' }))
    : null;
  return element('div', { class: `row ${mine ? 'out' : 'in'}${first ? ' first' : ''}`, 'data-message': message.message_id }, side, stack);
}

export function service(message) {
  const members = message.new_chat_members;
  const who = element('b', {}, fullName(message.from));
  if (members?.length === 1 && members[0].id !== message.from.id) return element('div', { class: 'service' }, who, ' added ', element('b', {}, fullName(members[0])));
  if (members) return element('div', { class: 'service' }, who, ' joined the group');
  if (message.new_chat_title) return element('div', { class: 'service' }, who, ' named the group ', element('b', {}, message.new_chat_title));
  return element('div', { class: 'service' }, element('b', {}, fullName(message.left_chat_member)), ' left the group');
}
