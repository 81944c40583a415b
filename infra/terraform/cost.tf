# What a month costs when nothing is asked of it, by infra/prices.json. Traffic, logs and clones on the general pool come on top.

locals {
  hour  = local.prices.hourly
  hours = local.prices.hours_per_month

  # "0 7 * * 1-5" to "0 19 * * 1-5": twelve hours on five days, 60 of 168.
  days  = var.buffer.schedule == null ? 7 : length(range(tonumber(regex("([0-6])-([0-6])$", var.buffer.schedule.start)[0]), tonumber(regex("([0-6])-([0-6])$", var.buffer.schedule.start)[1]) + 1))
  daily = var.buffer.schedule == null ? 24 : tonumber(split(" ", var.buffer.schedule.end)[1]) - tonumber(split(" ", var.buffer.schedule.start)[1])
  share = local.days * local.daily / 168

  buffer_type = element([for type in var.buffer.instance_types : type if try(local.prices.instances[type].hourly, 0) == min([for t in var.buffer.instance_types : try(local.prices.instances[t].hourly, 0)]...)], 0)
  buffer_hour = try(local.prices.instances[local.buffer_type].hourly, 0) * (contains(var.buffer.capacity_types, "spot") ? 1 - local.prices.spot_discount : 1)
  surcharge   = local.auto ? 1 + local.prices.auto_mode_surcharge : 1

  # What asks for room when nothing is asked of the product: 3 core, 2 workers, Redis and MariaDB of the overlays, and the charts by their values
  # (a test adds them up); about 500m and 1 GiB for add-ons of EKS, read in their manifests. What the system nodes do not hold stands on the
  # general pool, whose smallest and cheapest node is like a c7g.large.
  idle = {
    cpu_m     = 1600 + (local.auto ? 310 : 710) + (local.auto ? 200 : 500)
    memory_mi = 4096 + (local.auto ? 448 : 1216) + (local.auto ? 400 : 1024)
  }
  on_general = {
    cpu_m     = local.idle.cpu_m - (local.auto ? 0 : 2 * try(module.capacity.free[var.system_instance_type].cpu_m, 0))
    memory_mi = local.idle.memory_mi - (local.auto ? 0 : 2 * try(module.capacity.free[var.system_instance_type].memory_mi, 0))
  }
  general_node  = module.capacity.free["c7g.large"]
  general_nodes = max(0, ceil(local.on_general.cpu_m / local.general_node.cpu_m), ceil(local.on_general.memory_mi / local.general_node.memory_mi))

  cost_items = {
    control_plane = local.hour.eks_control_plane * local.hours
    nat           = { single = 1, per-az = 3, none = 0 }[var.nat] * (local.hour.nat_gateway + local.hour.public_ipv4) * local.hours
    load_balancer = (local.hour.network_load_balancer + 3 * local.hour.public_ipv4) * local.hours
    system_nodes  = local.auto ? 0 : 2 * try(local.prices.instances[var.system_instance_type].hourly, 0) * local.hours
    general_nodes = local.general_nodes * local.prices.instances["c7g.large"].hourly * (1 - local.prices.spot_discount) * local.hours * local.surcharge
    buffer_nodes  = var.buffer.nodes * local.buffer_hour * local.hours * local.share * local.surcharge
    postgresql    = (var.database.multi_az ? 2 : 1) * (try(local.hour["rds_${var.database.class}"], 0) * local.hours + 20 * local.prices.monthly.rds_storage_gib)
    mariadb       = var.clone_database.mode == "rds" ? try(local.hour["rds_${var.clone_database.class}"], 0) * local.hours + 50 * local.prices.monthly.rds_storage_gib : 0
    redis         = var.redis.mode == "memorydb" ? 2 * try(local.hour["memorydb_${var.redis.class}"], 0) * local.hours : 0
    volumes       = (var.clone_database.mode == "in-cluster" ? 50 : 0) * local.prices.monthly.gp3_gib + (var.redis.mode == "in-cluster" ? 20 : 0) * local.prices.monthly.gp3_gib
    keys          = 2 * local.prices.monthly.kms_key
  }
  cost = {
    items = { for item, usd in local.cost_items : item => floor(usd * 100 + 0.5) / 100 }
    total = floor(sum(values(local.cost_items)) * 100 + 0.5) / 100
  }
}
