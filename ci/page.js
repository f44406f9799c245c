// The panel and the arrows of the page of an execution. The page is whole
// without it. Text goes in by textContent only.
//
// The data, made by ci/page_data.cc:
//   threads  names
//   words    [name, table or -1, slot, initial value, whether it changes]
//   values   [text, hexadecimal, [[field, text], ...]], referred to by index
//   rows     [thread or -1 for those left out, word or -1, value, value before or -1, [word, value, ...]]
//            the last: what changed
//   edges    [row of the store, row of the load, kind, label]
//   points   name: [order or "step", why, pairs with]
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const rows = Array.from(document.querySelectorAll('#timeline tbody tr'));
  const panel = document.getElementById('panel');
  const timeline = document.getElementById('timeline');
  const narrow = matchMedia('(max-width: 760px)');
  if (rows.length === 0) return;
  document.documentElement.classList.add('scripted');
  let chosen = -1;

  const make = (name, text, className) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  // What every word holds before row `row`.
  const before = (row) => {
    const state = data.words.map((word) => word[3]);
    for (let i = 0; i < row; ++i) {
      const changes = data.rows[i][4];
      for (let j = 0; j < changes.length; j += 2) state[changes[j]] = changes[j + 1];
    }
    return state;
  };

  const fields = (value, other) => {
    const list = make('div', undefined, 'fields');
    const was = new Map(other < 0 ? [] : data.values[other][2]);
    for (const [name, text] of data.values[value][2]) {
      const item = make('span', text === 'yes' || text === 'no' ? name : name + ' ' + text);
      if (text === 'no') item.classList.add('no');
      if (was.size > 0 && was.get(name) !== text) item.classList.add('differs');
      item.title = name + ': ' + text;
      list.append(item);
    }
    return list;
  };

  const value = (heading, index, other) => {
    panel.append(make('h2', heading));
    const [text, hex] = data.values[index];
    panel.append(make('p', text === hex ? text : text + '  ' + hex));
    panel.lastChild.style.fontFamily = 'var(--mono)';
    panel.append(fields(index, other));
  };

  const wordRow = (index, label, now, row) => {
    const changes = new Map();
    for (let j = 0; j < row[4].length; j += 2) changes.set(row[4][j], row[4][j + 1]);
    const line = make('tr');
    line.append(make('th', label));
    const cell = make('td');
    const text = data.values[now[index]][0];
    if (changes.has(index)) {
      line.className = 'changed';
      cell.append(make('s', text), ' \u2192 ' + data.values[changes.get(index)][0]);
    } else {
      cell.textContent = text;
      if (text === 'empty') line.className = 'empty';
      if (row[1] === index) line.classList.add('touched');
    }
    line.append(cell);
    return line;
  };

  const state = (number) => {
    const row = data.rows[number];
    const now = before(number);
    panel.append(make('h2', 'Page tables before \u2192 after ' + (row[0] < 0 ? 'these steps' : 'this step')));
    const tables = make('table', undefined, 'state');
    const others = make('table', undefined, 'state');
    let table = -1;
    data.words.forEach((word, index) => {
      if (word[1] >= 0) {
        if (word[1] !== table) {
          const line = make('tr', undefined, 'table');
          line.append(make('th', 'table ' + word[1]));
          tables.append(line);
          table = word[1];
        }
        tables.append(wordRow(index, '[' + word[2] + ']', now, row));
      } else if (word[4] === 1 || row[1] === index) {
        others.append(wordRow(index, word[0], now, row));
      }
    });
    panel.append(tables, make('h2', 'Other words'), others);
  };

  const point = (tr) => {
    const label = tr.querySelector('abbr');
    if (!label) return;
    const name = label.textContent.split(' ')[0].slice(1);
    const info = data.points[name];
    if (!info) return;
    panel.append(make('h2', 'Protocol point'));
    const line = make('p');
    line.append(make('code', name), ' (' + info[0] + '): ' + info[1]);
    panel.append(line);
    if (info[2]) panel.append(make('p', 'Pairs with ' + info[2] + '.'));
    if (tr.classList.contains('weak')) panel.append(make('p', 'Weakened in this run.', 'bad'));
  };

  const links = (number) => {
    for (const [from, to, kind, label] of data.edges) {
      if (from !== number && to !== number) continue;
      const other = from === number ? to : from;
      const line = make('p', undefined, kind === 'ordered' ? '' : 'bad');
      const link = make('a', 'step ' + rows[other].dataset.step);
      link.href = '#r' + other;
      const name = data.threads[data.rows[other][0]];
      const said = {
        ordered: from === number ? 'Ordered before ' : 'Ordered after ',
        weakened: label + ' is weakened: no order with ',
        missing: 'MISSING ORDER, ' + label + ', with ',
      };
      line.append(said[kind], link, ' by ' + name + '.');
      panel.append(line);
    }
  };

  const show = (number) => {
    const tr = rows[number];
    const row = data.rows[number];
    panel.replaceChildren();
    panel.append(make('p', row[0] < 0 ? 'Not shown' :
                      'step ' + tr.dataset.step + ' by ' + data.threads[row[0]], 'head'));
    panel.append(make('p'));
    panel.lastChild.append(make('code', tr.querySelector('code').textContent));
    const where = tr.querySelector('.where');
    if (where && where.firstChild) panel.append(make('p', where.firstChild.textContent));
    for (const note of tr.querySelectorAll('small')) {
      if (note.classList.contains('missing')) continue;  // links() says it
      panel.append(make('p', note.textContent, note.className));
    }
    links(number);
    point(tr);
    if (row[1] >= 0) {
      const name = data.words[row[1]][0];
      if (row[3] >= 0) {
        value(name + ' before', row[3], -1);
        value(name + ' after', row[2], row[3]);
      } else {
        value(name, row[2], -1);
      }
    }
    state(number);
    panel.dataset.row = number;
  };

  const svg = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const key of Object.keys(attributes)) element.setAttribute(key, attributes[key]);
    return element;
  };

  const arrows = svg('svg', {id: 'arrows', 'aria-hidden': 'true'});
  const labels = svg('svg', {id: 'labels', 'aria-hidden': 'true'});
  timeline.append(arrows, labels);

  // Down the lane of the store, then across to the load; behind the text.
  const draw = () => {
    const origin = timeline.getBoundingClientRect();
    for (const layer of [arrows, labels]) {
      layer.replaceChildren();
      layer.setAttribute('width', origin.width);
      layer.setAttribute('height', origin.height);
    }
    const at = (row) => {
      const box = rows[row].querySelector('.act i').getBoundingClientRect();
      return [box.left + box.width / 2 - origin.left, box.top + box.height / 2 - origin.top];
    };
    for (const [from, to, kind, label] of data.edges) {
      const [x1, y1] = at(from);
      const [x2, y2] = at(to);
      const side = x2 > x1 ? 1 : -1;
      // Across above the load's row, where there is no text to strike out.
      const y = rows[to].getBoundingClientRect().top - origin.top + 1;
      const bend = Math.max(0, Math.min(6, Math.abs(x2 - x1) / 2, y - y1 - 5));
      const path = svg('path', {
        d: `M${x1} ${y1 + 4}V${y - bend}Q${x1} ${y} ${x1 + side * bend} ${y}` +
            `H${x2 - side * 3}Q${x2} ${y} ${x2} ${y2 - 4}m-3 -3l3 3l3 -3`,
        class: kind + (from === chosen || to === chosen ? ' lit' : ''),
      });
      arrows.append(path);
      if (kind !== 'missing') continue;
      // Beside the store or the load, if there is room, else on the arrow.
      const text = svg('text', {x: x1 + 8, y: (y1 + y2) / 2 + 4});
      text.textContent = 'missing: ' + label;
      labels.append(text);
      for (const [row, y] of [[to, y2], [from, y1]]) {
        const x = rows[row].querySelector('code').getBoundingClientRect().right + 16;
        const where = rows[row].querySelector('.where').getBoundingClientRect();
        if (where.top > origin.top + y || where.left - x < text.getComputedTextLength() + 8) continue;
        text.setAttribute('x', x - origin.left);
        text.setAttribute('y', y + 4);
      }
    }
  };

  const choose = (number, scroll) => {
    number = Math.max(0, Math.min(rows.length - 1, number));
    if (chosen >= 0) {
      rows[chosen].classList.remove('chosen');
      rows[chosen].tabIndex = -1;
    }
    chosen = number;
    rows[number].classList.add('chosen');
    rows[number].tabIndex = 0;
    show(number);
    draw();
    if (!scroll) return;
    const box = rows[number].getBoundingClientRect();
    const bottom = narrow.matches ? innerHeight * 0.55 : innerHeight - 40;
    if (box.top < 40 || box.bottom > bottom) {
      scrollBy(0, box.top - (narrow.matches ? innerHeight * 0.25 : innerHeight * 0.4));
    }
  };

  const marked = (name) => rows.findIndex((row) => row.classList.contains(name));

  // "#step=17" or "#r12"; false if it names no row.
  const follow = (scroll) => {
    const step = /^#step=(\d+)$/.exec(location.hash);
    const row = /^#r(\d+)$/.exec(location.hash);
    let number = row ? Number(row[1]) : -1;
    if (step) {
      const same = (tr) => tr.dataset.step === step[1];
      number = rows.findIndex((tr) => same(tr) && /cause|victim/.test(tr.className));
      if (number < 0) number = rows.findIndex(same);
      if (number < 0) {
        const wanted = Number(step[1]);
        number = rows.findIndex((tr) => Number(tr.dataset.step) <= wanted &&
                                        wanted <= Number(tr.dataset.last));
      }
    }
    if (number < 0 || number >= rows.length) return false;
    choose(number, scroll);
    return true;
  };

  const go = (number) => {
    if (number < 0 || number >= rows.length) return;
    choose(number, true);
    rows[number].focus({preventScroll: true});
    history.replaceState(null, '', '#r' + number);
  };
  const sameThread = (by) => {
    for (let i = chosen + by; i >= 0 && i < rows.length; i += by) {
      if (data.rows[i][0] === data.rows[chosen][0]) return i;
    }
    return -1;
  };

  const keys = {
    ArrowDown: () => chosen + 1, ArrowUp: () => chosen - 1,
    j: () => chosen + 1, k: () => chosen - 1,
    ArrowRight: () => sameThread(1), ArrowLeft: () => sameThread(-1),
    Home: () => 0, End: () => rows.length - 1,
    c: () => marked('cause'), v: () => marked('victim'),
  };
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in keys)) return;
    event.preventDefault();
    go(keys[event.key]());
  });
  const numberOf = (target) => rows.indexOf(target.closest('#timeline tbody tr'));
  timeline.addEventListener('click', (event) => go(numberOf(event.target)));
  // A look in passing: the chosen step comes back when the pointer leaves.
  timeline.addEventListener('mouseover', (event) => {
    const number = numberOf(event.target);
    if (number >= 0 && !narrow.matches) show(number);
  });
  timeline.addEventListener('mouseleave', () => show(chosen));
  addEventListener('hashchange', () => follow(true));

  // As the violation is what one came for, it is what is shown first.
  if (!follow(true)) choose(marked('victim') >= 0 ? marked('victim') : rows.length - 1, false);
  new ResizeObserver(draw).observe(timeline);
})();
