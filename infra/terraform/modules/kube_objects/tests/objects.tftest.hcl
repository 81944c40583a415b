variables {
  cluster          = "clonehub-test"
  node_role        = "clonehub-test-node"
  node_ami_version = "v20260702"
  buffer           = { strategy = "placeholder", nodes = 2, slots = 20, instance_types = ["t4g.medium", "t4g.large"], capacity_types = ["spot"] }
  general          = { cpu = 64, memory_gi = 256, architectures = ["arm64"] }
  clone_size       = { cpu_m = 100, memory_mi = 192 }
  image_prefix     = "registry.test/clonehub/"
  clone_image      = "registry.test/clonehub/wordpress@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  tags             = { Project = "CloneHub" }
}

run "placeholders_keep_the_nodes" {
  command = plan

  assert {
    condition     = one([for o in output.objects : o if o.kind == "Deployment"]).spec.replicas == 20
    error_message = "There is one placeholder for each slot."
  }
  assert {
    condition     = [for o in output.objects : o.metadata.name if o.kind == "NodePool"] == ["clonehub-buffer", "clonehub-general"]
    error_message = "There are two pools: buffer and general."
  }
  assert {
    condition     = !anytrue([for o in output.objects : can(o.spec.replicas) if o.kind == "NodePool"])
    error_message = "A pool that placeholders fill has no replicas of its own."
  }
  assert {
    condition     = one([for o in output.objects : o if o.kind == "ConfigMap"]).data.prefix == "registry.test/clonehub/"
    error_message = "The admission policy knows the registry."
  }
}

run "static_nodes_need_no_placeholder" {
  command = plan
  variables {
    buffer = { strategy = "static", nodes = 2, slots = 20, instance_types = ["t4g.medium"], capacity_types = ["spot"] }
  }

  assert {
    condition     = one([for o in output.objects : o if o.metadata.name == "clonehub-buffer-static"]).spec.replicas == 2
    error_message = "The pool keeps two nodes."
  }
  assert {
    condition     = length([for o in output.objects : o if o.kind == "Deployment"]) == 0
    error_message = "Nothing holds places on static nodes."
  }
}

run "no_image_no_placeholder" {
  command = plan
  variables {
    clone_image = null
    buffer = {
      strategy = "placeholder", nodes = 2, slots = 20, instance_types = ["t4g.medium"], capacity_types = ["spot"]
      schedule = { timezone = "Europe/Berlin", start = "0 7 * * 1-5", end = "0 19 * * 1-5" }
    }
  }

  assert {
    condition     = length([for o in output.objects : o if o.kind == "Deployment" || o.kind == "ScaledObject"]) == 0
    error_message = "Before the first image is pushed nothing waits for it, and no node is paid for it."
  }
}

run "a_schedule_scales_the_placeholders" {
  command = plan
  variables {
    buffer = {
      strategy = "placeholder", nodes = 2, slots = 20, instance_types = ["t4g.medium"], capacity_types = ["spot"]
      schedule = { timezone = "Europe/Berlin", start = "0 7 * * 1-5", end = "0 19 * * 1-5" }
    }
  }

  assert {
    condition     = one([for o in output.objects : o if o.kind == "ScaledObject"]).spec.triggers[0].metadata.desiredReplicas == "20"
    error_message = "In working hours there are as many placeholders as slots."
  }
  assert {
    condition     = !can(one([for o in output.objects : o if o.kind == "Deployment"]).spec.replicas)
    error_message = "Two must not set the number of replicas."
  }
}

run "auto_mode_has_its_own_node_class" {
  command = plan
  variables {
    compute          = "auto"
    node_ami_version = null
  }

  assert {
    condition     = alltrue([for o in output.objects : o.spec.template.spec.nodeClassRef.kind == "NodeClass" if o.kind == "NodePool"])
    error_message = "Pools of Auto Mode refer to its node class."
  }
}

run "slots_that_do_not_fit_are_refused" {
  command = plan
  variables {
    buffer = { strategy = "placeholder", nodes = 2, slots = 20, instance_types = ["t2.small"], capacity_types = ["spot"] }
  }
  expect_failures = [output.slots_per_node]
}
