"use strict";
// The cost model of evalkit/analysis/tco (formulas, model, horizon, breakeven) for one value per input; tests hold the two together.
const costModel = (() => {
  const HOURS = 730;
  const SECONDS = HOURS * 3600;
  const ROUNDING = 1e-9;

  function recovery(rate, years) {
    const grown = Math.expm1(years * Math.log1p(rate));
    return grown === 0 ? 1 / years : (rate * (grown + 1)) / grown;
  }

  // A fleet's keys replaced by their values.
  const valued = (node, v) =>
    Object.fromEntries(
      Object.entries(node).map(([k, x]) => [
      k,
      typeof x === "string" ? v[x] : x && typeof x === "object" && !Array.isArray(x) ? valued(x, v) : x,
    ]),
    );

  const changed = (price, perYear, months) => price * (1 + perYear) ** (months / 12);

  // Machines of one month: units that are there, replicas that run, rent per GPU-hour of those units.
  function machines(fleet, w, replicas, units, perSecond, rent) {
    const gpus = units * fleet.per_server;
    const vat = withVat(w);
    const licences = ((gpus * fleet.licence) / 12) * vat;
    const owned = fleet.owned;
    if (!owned) return { machines: gpus * rent * HOURS * vat, energy: 0, upkeep: licences };
    const price = owned.price * vat;
    const worth = (price * owned.residual) / (1 + w.rate) ** owned.life;
    const yearly = recovery(w.rate, owned.life) * (price - worth);
    const keptUp = price * owned.maintenance + owned.hosting * vat;
    const busy = Math.min(perSecond / (Math.max(replicas, 1) * fleet.capacity), 1);
    const more = Math.max(owned.load - owned.idle, 0);
    const kw = (gpus * owned.idle + replicas * fleet.per_replica * more * busy) / 1000;
    const energy = kw * owned.pue * HOURS * owned.kwh * vat;
    return { machines: (units * yearly) / 12, energy, upkeep: licences + (units * keptUp) / 12 };
  }

  const peakOf = (fleet, w) => (fleet.elastic && !w.profile ? Math.max(w.peak, 1 / fleet.elastic.active) : w.peak);
  const replicasAt = (fleet, w, perSecond) =>
    Math.max(Math.ceil((perSecond * peakOf(fleet, w)) / (fleet.headroom * fleet.capacity) - ROUNDING), 1) + fleet.spare;
  const unitsOf = (fleet, replicas) => Math.ceil((replicas * fleet.per_replica) / fleet.per_server - ROUNDING);
  const withVat = (w) => 1 + (w.vat ?? 0);
  const peopleOf = (p, replicas) => p.fte + (p.fte_per_replica ?? 0) * Math.max(replicas - 1, 0);
  const staffOf = (d, replicas) =>
    d.people.reduce(
      (sum, p) => (p.fte == null || p.salary == null ? sum : sum + (peopleOf(p, replicas) * p.salary) / 12),
      0,
    );
  const onceOf = (d) => d.people.reduce((sum, p) => sum + (p.adoption ?? 0), 0);
  // The API's bill, what stands in for own machines, egress and re-validation of a month.
  const billed = (d, w, asked, month) => {
    const out = d.failover;
    const spare = out ? asked * (d.local ?? 1) * out.outage * changed(out.price, -out.decline, month) : 0;
    const bill = d.api ? asked * (d.billed ?? 1) * changed(d.api.price, -d.api.decline, month) : 0;
    const least = d.api ? (d.api_extras?.minimum ?? 0) : 0;
    return (spare + Math.max(bill, least)) * withVat(w);
  };
  const extrasOf = (d, w, asked) =>
    [[d.own_extras, d.api ? (d.local ?? 1) : 1], [d.api_extras, d.local == null ? d.billed ?? 1 : 1 - d.local]].reduce(
      (sum, [x, share]) =>
        x
          ? sum + asked * share * (x.egress ?? 0) * withVat(w) + ((x.revalidation ?? 0) * (x.often ?? 0)) / 12
          : sum,
      0,
    );
  const exitOf = (d) => (d.own_extras?.exit ?? 0) + (d.api_extras?.exit ?? 0);
  const perSecondOf = (d, asked) => (asked * (d.local ?? 1)) / SECONDS;
  const sum = (parts) => parts.machines + parts.energy + parts.upkeep;

  // Hours that come again, [load / mean, hours, whether anything is kept], and from which level to which the load rises.
  function hoursOf(elastic, w) {
    if (w.profile) {
      const { levels, hours, rises } = w.profile;
      const last = levels.length - 1;
      return [levels.map((x, i) => [i === last ? Math.max(w.peak, x) : x, hours[i], true]), rises];
    }
    const peak = Math.max(w.peak, 1 / elastic.active);
    const idle = 24 * elastic.active - 24 / peak;
    const hasIdle = idle > ROUNDING ? 1 : 0;
    const ends = elastic.active < 1 ? 1 : 0;
    return [
      [[0, 24 * (1 - elastic.active), false], [0, idle, true], [peak, 24 / peak, true]],
      [[1, 2, hasIdle], [0, 1, ends * hasIdle], [0, 2, ends * (1 - hasIdle)]],
    ];
  }

  // Units that are billed on average, for rent that follows the load.
  function elasticUnits(fleet, w, mean) {
    const [levels, rises] = hoursOf(fleet.elastic, w);
    const usable = fleet.headroom * fleet.capacity;
    const units = levels.map(([level, , active]) => {
      const exact = (level * mean) / usable;
      const running = Math.max(Math.ceil(exact - ROUNDING), active ? fleet.elastic.minimum : 0);
      const whole = running > 0 ? unitsOf(fleet, running + fleet.spare) : 0;
      return { whole, billed: fleet.elastic.per_second ? (exact * fleet.per_replica) / fleet.per_server : whole };
    });
    const lost = fleet.elastic.start_up / 60 + fleet.elastic.step / 2;
    const billed = levels.reduce((sum, [, hours], i) => sum + hours * units[i].billed, 0);
    const starts = rises.reduce((sum, [low, high, n]) => sum + n * Math.max(units[high].whole - units[low].whole, 0), 0);
    return (billed + starts * lost) / levels.reduce((sum, [, hours]) => sum + hours, 0);
  }

  // What a month at some load costs today, with the machines that this load needs.
  function monthly(d, w, asked) {
    let cost = billed(d, w, asked, 0) + extrasOf(d, w, asked);
    let running = 0;
    if (d.fleet) {
      const perSecond = perSecondOf(d, asked);
      const replicas = replicasAt(d.fleet, w, perSecond);
      running = replicas;
      const units = d.fleet.elastic ? elasticUnits(d.fleet, w, perSecond) : unitsOf(d.fleet, replicas);
      cost += sum(machines(d.fleet, w, replicas, units, perSecond, d.fleet.rent));
    }
    return cost + staffOf(d, running);
  }

  // Units that stay for their life; only what is needed then is bought again.
  function kept(needed, life) {
    const bought = [];
    const there = [];
    let alive = 0;
    needed.forEach((n, t) => {
      alive -= t < life ? 0 : bought[t - life];
      bought.push(Math.max(n - alive, 0));
      alive += bought[t];
      there.push(alive);
    });
    return [there, bought];
  }

  // Machines over the horizon: the months' costs, and what is paid for servers and got for them, `paid[t]` at the end of month t.
  function overHorizon(fleet, w, loads) {
    const replicas = loads.map((x) => replicasAt(fleet, w, x));
    const needed = replicas.map((n) => unitsOf(fleet, n));
    const paid = new Array(loads.length + 1).fill(0);
    const deducted = new Array(loads.length + 1).fill(0); // of servers, from profits that are taxed
    let owed = 0; // by reservations that go on after the horizon
    let units = needed;
    let rents = loads.map((_, t) => changed(fleet.rent, fleet.rent_change, t));
    if (fleet.owned) {
      const owned = fleet.owned;
      const life = Math.max(Math.round(owned.life * 12), 1);
      const [there, bought] = kept(needed, life);
      units = there;
      bought.forEach((n, t) => {
        const net = n * changed(owned.price, owned.price_change, t);
        const price = net * withVat(w);
        const left = Math.max(1 - (loads.length - t) / life, 0);
        const end = Math.min(t + life, loads.length);
        const sold = t + life <= loads.length ? owned.residual : owned.residual + owned.resale * (1 - owned.residual) * left;
        paid[t] += price;
        paid[end] -= net * sold;
        deducted[end] -= net * sold - price * left;
        for (let m = t + 1; m <= end; m += 1) deducted[m] += price / life;
      });
    } else if (fleet.elastic) {
      units = loads.map((x) => elasticUnits(fleet, w, x));
    } else {
      const [there, taken] = kept(needed, fleet.term);
      const signed = taken.map((n, t) => n * rents[t]);
      const after = (t) => (fleet.ends ? 0 : Math.max(t + fleet.term - loads.length, 0));
      owed = signed.reduce((sum, x, t) => sum + x * after(t), 0) * fleet.per_server * HOURS * withVat(w);
      units = there;
      rents = there.map((n, t) => signed.slice(Math.max(t + 1 - fleet.term, 0), t + 1).reduce((a, b) => a + b, 0) / (n || 1));
    }
    const each = loads.map((x, t) => ({
      replicas: replicas[t],
      servers: fleet.elastic ? needed[t] : units[t],
      ...machines(fleet, w, replicas[t], units[t], x, rents[t]),
    }));
    return { each, paid, deducted, owed };
  }

  // Months as they cost with servers spread over their life, and what has been paid up to the end of each, discounted.
  function future(d, w) {
    const asked = Array.from({ length: w.months }, (_, t) => w.requests * (1 + w.growth) ** (t / 12));
    const fleet = d.fleet ? overHorizon(d.fleet, w, asked.map((n) => perSecondOf(d, n))) : null;
    const months = [];
    const tax = w.income_tax ?? 0;
    const cumulated = [onceOf(d) * (1 - tax) + (fleet ? fleet.paid[0] : 0)];
    asked.forEach((n, t) => {
      const own = fleet ? fleet.each[t] : { replicas: 0, servers: 0, machines: 0, energy: 0, upkeep: 0 };
      const rest = staffOf(d, own.replicas) + billed(d, w, n, t + 1) + extrasOf(d, w, n);
      months.push({ cost: rest + sum(own), replicas: own.replicas, servers: own.servers });
      const owned = d.fleet?.owned;
      const running = rest + (owned ? own.energy + own.upkeep : sum(own)) + (t + 1 === w.months ? exitOf(d) + (fleet ? fleet.owed : 0) : 0);
      const spent = running * (1 - tax) + (owned ? fleet.paid[t + 1] - tax * fleet.deducted[t + 1] : 0);
      cumulated.push(cumulated[t] + spent / (1 + w.rate) ** ((t + 1) / 12));
    });
    return { months, cumulated };
  }

  // Between two steps cost is a straight line in the load: what is paid at no load, and what each request adds.
  function line(d, w, replicas) {
    let fixed = staffOf(d, replicas);
    let more = d.api ? d.api.price * withVat(w) : 0;
    if (d.fleet) {
      const at = (n, load) => machines(d.fleet, w, n, unitsOf(d.fleet, n), load, d.fleet.rent);
      fixed += sum(at(replicas, 0));
      if (d.fleet.owned) {
        const full = d.fleet.capacity;
        const energy = (load) => at(1, load).energy;
        more += (energy(full) - energy(0)) / (full * SECONDS);
      }
    }
    return [fixed, more];
  }

  // The least load on a grid at which own machines cost no more, then halved to six digits.
  function searched(own, api, w) {
    const isCheaper = (load) => monthly(own, w, load) <= monthly(api, w, load) * (1 + ROUNDING);
    const [least, most, steps] = [w.requests / 1000, w.requests * 1000, 120];
    const grid = (i) => least * (most / least) ** (i / steps);
    if (isCheaper(0) && isCheaper(least)) return 0;
    let i = 0;
    while (i <= steps && !isCheaper(grid(i))) i += 1;
    if (i > steps) return Infinity;
    let [low, high] = [i ? grid(i - 1) : 0, grid(i)];
    for (let n = 0; n < 40; n += 1) {
      const middle = (low + high) / 2;
      [low, high] = isCheaper(middle) ? [low, middle] : [middle, high];
    }
    return high;
  }

  function breakEven(own, api, w) {
    const fleet = own.fleet;
    const grows = own.people.some((p) => p.fte_per_replica != null);
    if (fleet.elastic || own.failover || grows || own.own_extras || api.api_extras) return searched(own, api, w);
    const found = betweenSteps(own, api, w);
    return found > 1000 * w.requests ? Infinity : found;
  }

  function betweenSteps(own, api, w) {
    const fleet = own.fleet;
    const [peopleApi, price] = line(api, w, 0);
    const per = ((fleet.headroom * fleet.capacity) / w.peak) * SECONDS;
    const people = line(own, w, 0)[0];
    const [filled, each1] = line(own, w, fleet.per_server);
    const each = (filled - people) / fleet.per_server;
    const gain = price - each1 - each / per;
    const owed = people - peopleApi + each * fleet.spare;
    const tooMany = each * (fleet.per_server / fleet.per_replica + 1);
    if (!(gain > 0) && !(owed < 0)) return Infinity;
    const low = gain > 0 ? Math.max(owed / gain, 0) : 0;
    const high = gain > 0 ? Math.max((owed + tooMany) / gain, 0) : Infinity;
    let replicas = Math.max(Math.floor(low / per), 1) + fleet.spare;
    for (let i = 0; i < Math.max(64, fleet.per_server + 1); i += 1) {
      const [fixed, more] = line(own, w, replicas);
      const meet = fixed <= peopleApi ? 0 : (fixed - peopleApi) / (price - more);
      const cheaper = price > more || fixed <= peopleApi;
      if (cheaper && meet <= (replicas - fleet.spare) * per * (1 + 1e-12)) return meet;
      const enough = cheaper && Number.isFinite(meet) ? Math.ceil(meet / per - 1e-12) : 0;
      replicas = Math.max(replicas + 1, enough + fleet.spare);
    }
    return high;
  }

  function payback(own, other) {
    let since = 0;
    own.forEach((cost, t) => {
      if (cost > other[t] + ROUNDING * Math.max(Math.abs(other[t]), 1)) since = t + 1;
    });
    return since < own.length ? since : Infinity;
  }

  // A deployment whose capacity and prices are those at the lengths of the work.
  const atLengths = (d) => ({
    ...d,
    fleet: d.fleet?.tokens ? { ...d.fleet, capacity: d.fleet.capacity * slower(d.fleet.tokens) } : d.fleet,
    api: d.api && { ...d.api, price: d.api.price * longer(d.api.tokens) },
    failover: d.failover && { ...d.failover, price: d.failover.price * longer(d.failover.tokens) },
  });
  function slower(tokens) {
    const weight = (input, output) => input / tokens.ratio + output;
    return (weight(tokens.tested_input, tokens.tested_output) / weight(tokens.input, tokens.output)) ** tokens.exponent;
  }
  const longer = (t) => (t && t.at ? (t.input * t.input_price + t.output * t.output_price) / t.at : 1);

  const finite = (x) => (Number.isFinite(x) ? x : null);

  // data: deployments, workload and pairs that refer to keys of inputs; v: key → value.
  return (data, v, months) => {
    const w = { ...valued(data.workload, v), months };
    const deployments = data.deployments.map((d) => atLengths({
      ...valued({ fleet: d.fleet, api: d.api, failover: d.failover, own_extras: d.own_extras, api_extras: d.api_extras, local: d.local, billed: d.billed }, v),
      people: d.people.map((p) => valued(p, v)),
    }));
    const futures = deployments.map((d) => future(d, w));
    const options = futures.map(({ months: each, cumulated }, i) => {
      const [first, last] = [each[0], each[months - 1]];
      const ends = (what) => (deployments[i].fleet ? [first[what], last[what]] : null);
      const perRequest = first.cost / w.requests;
      return {
        first: first.cost,
        mean: each.reduce((sum, m) => sum + m.cost, 0) / months,
        total: cumulated[months],
        replicas: ends("replicas"),
        servers: ends("servers"),
        per1000: 1000 * perRequest,
        perCorrect: data.deployments[i].quality ? perRequest / data.deployments[i].quality : null,
        cumulated,
      };
    });
    const pairs = data.pairs.map(([build, buy]) => ({
      breakEven: finite(breakEven(deployments[build], deployments[buy], w)),
      payback: finite(payback(options[build].cumulated, options[buy].cumulated)),
      saving: options[buy].total - options[build].total,
    }));
    return { options, pairs, requests: w.requests, monthly: (i, load) => monthly(deployments[i], w, load) };
  };
})();
