"use strict";
// The cost model of evalkit/analysis/tco (formulas, model, breakeven) for one value per input; tests hold the two together.
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
      Object.entries(node).map(([k, x]) => [k, typeof x === "string" ? v[x] : x && typeof x === "object" ? valued(x, v) : x]),
    );

  function atReplicas(fleet, rate, replicas, perSecond) {
    const servers = Math.ceil((replicas * fleet.per_replica) / fleet.per_server - ROUNDING);
    const gpus = servers * fleet.per_server;
    const licences = (gpus * fleet.licence) / 12;
    const owned = fleet.owned;
    if (!owned) return { servers, cost: gpus * fleet.rent * HOURS + licences, energy: 0 };
    const worth = (owned.price * owned.residual) / (1 + rate) ** owned.life;
    const yearly = recovery(rate, owned.life) * (owned.price - worth);
    const keptUp = owned.price * owned.maintenance + owned.hosting;
    const busy = Math.min(perSecond / (Math.max(replicas, 1) * fleet.capacity), 1);
    const more = Math.max(owned.load - owned.idle, 0);
    const kw = (gpus * owned.idle + replicas * fleet.per_replica * more * busy) / 1000;
    const energy = kw * owned.pue * HOURS * owned.kwh;
    return { servers, cost: (servers * (yearly + keptUp)) / 12 + licences + energy, energy };
  }

  function needed(fleet, peak) {
    return Math.max(Math.ceil(peak / (fleet.headroom * fleet.capacity) - ROUNDING), 1) + fleet.spare;
  }

  const staffOf = (d) =>
    d.people.reduce((sum, p) => (p.fte == null || p.salary == null ? sum : sum + (p.fte * p.salary) / 12), 0);
  const onceOf = (d) => d.people.reduce((sum, p) => sum + (p.adoption ?? 0), 0);

  // Cost of one month; `least` are replicas that are there already.
  function month(d, w, asked, number, least) {
    let cost = staffOf(d);
    let replicas = 0;
    let servers = 0;
    if (d.fleet) {
      const perSecond = (asked * (d.local ?? 1)) / SECONDS;
      replicas = needed(d.fleet, perSecond * w.peak);
      if (d.fleet.owned) replicas = Math.max(replicas, least);
      const fleet = atReplicas(d.fleet, w.rate, replicas, perSecond);
      cost += fleet.cost;
      servers = fleet.servers;
    }
    if (d.api) cost += asked * (d.billed ?? 1) * d.api.price * (1 - d.api.decline) ** (number / 12);
    return { cost, replicas, servers };
  }

  function future(d, w) {
    const months = [];
    const cumulated = [onceOf(d)];
    let least = 0;
    for (let t = 0; t < w.months; t += 1) {
      const found = month(d, w, w.requests * (1 + w.growth) ** (t / 12), t + 1, least);
      least = found.replicas;
      months.push(found);
      cumulated.push(cumulated[t] + found.cost / (1 + w.rate) ** ((t + 1) / 12));
    }
    return { months, cumulated };
  }

  // Between two steps cost is a straight line in the load: what is paid at no load, and what each request adds.
  function line(d, w, replicas) {
    let fixed = staffOf(d);
    let more = d.api ? d.api.price : 0;
    if (d.fleet) {
      fixed += atReplicas(d.fleet, w.rate, replicas, 0).cost;
      if (d.fleet.owned) {
        const full = d.fleet.capacity;
        const energy = (load) => atReplicas(d.fleet, w.rate, 1, load).energy;
        more += (energy(full) - energy(0)) / (full * SECONDS);
      }
    }
    return [fixed, more];
  }

  function breakEven(own, api, w) {
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

  const finite = (x) => (Number.isFinite(x) ? x : null);

  // data: deployments, workload and pairs that refer to keys of inputs; v: key → value.
  return (data, v, months) => {
    const w = { ...valued(data.workload, v), months };
    const deployments = data.deployments.map((d) => ({
      ...valued({ fleet: d.fleet, api: d.api, local: d.local, billed: d.billed }, v),
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
    return { options, pairs, requests: w.requests, monthly: (i, load) => month(deployments[i], w, load, 0, 0).cost };
  };
})();
