using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Akka.Remote.Hosting;
using CloneHub.Contracts;
using CloneHub.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>A message finds its job by the same extractor, whether a cluster is there or not.</summary>
public sealed class RoutingTests
{
    [Fact]
    public async Task Without_a_cluster_messages_find_their_job_which_may_rest_in_between()
    {
        using var system = ActorSystem.Create("alone", "akka.loglevel = OFF");
        await VerifyAsync(system.ActorOf(Props.Create(() => new EntityParent(new JobsModule.JobExtractor(), id => Props.Create(() => new Counter(id))))));
        await system.Terminate();
    }

    [Fact]
    public async Task In_a_cluster_of_one_node_they_do_the_same()
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddAkka("routing", (akka, _) => akka
            .AddHocon("akka { loglevel = OFF, stdout-loglevel = OFF, cluster.min-nr-of-members = 1 }", HoconAddMode.Prepend)
            .WithRemoting("127.0.0.1", 0)
            .WithClustering(new ClusterOptions { Roles = ["core"] })
            .WithShardRegion<Counter>(
                "counters",
                (_, _, _) => id => Props.Create(() => new Counter(id)),
                new JobsModule.JobExtractor(),
                new ShardOptions { Role = "core", StateStoreMode = StateStoreMode.DData, RememberEntities = false })
            .AddStartup((system, _) => Akka.Cluster.Cluster.Get(system).Join(Akka.Cluster.Cluster.Get(system).SelfAddress)));
        using var host = builder.Build();
        await host.StartAsync();

        await VerifyAsync(host.Services.GetRequiredService<IRequiredActor<Counter>>().ActorRef);
        await host.StopAsync();
    }

    private static async Task VerifyAsync(IActorRef jobs)
    {
        var (a, b) = (Histories.NewJob(), Histories.NewJob());
        Assert.Equal($"{a} 1", await AskAsync(a));
        Assert.Equal($"{a} 2", await AskAsync(a));
        Assert.Equal($"{b} 1", await AskAsync(b));

        // After its rest it has forgotten what it did not write down; nothing that was sent meanwhile is lost.
        jobs.Tell(new ExpireJob(a), ActorRefs.NoSender);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskAsync(a)));
        jobs.Tell(new ExpireJob(a), ActorRefs.NoSender);
        await Eventually.Until("the job has come back from its rest", async () => await AskAsync(a) == $"{a} 1");
        Assert.Equal($"{b} 2", await AskAsync(b));

        Task<string> AskAsync(JobId job) => jobs.Ask<string>(new GetJob(job), TimeSpan.FromSeconds(30));
    }

    private sealed class Counter : ReceiveActor
    {
        private int _count;

        public Counter(string id)
        {
            Receive<GetJob>(_ => Sender.Tell($"{id} {++_count}"));
            Receive<ExpireJob>(_ => Context.Parent.Tell(new Passivate("stop")));
            Receive<string>(_ => Context.Stop(Self));
        }
    }
}
