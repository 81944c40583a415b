// Each class here runs whole clones on all cores; side by side they would measure each other's patience.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
