using System.Net;
using System.Net.Sockets;
using CloneHub.Dev.Servers;
using CloneHub.Testing;

namespace CloneHub.Chaos.Tests;

public sealed class NetworkTests : IDisposable
{
    private const int Caller = 1, Called = 0;
    private readonly Socket _node = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Network _network;
    private readonly int _line = Ports.Free();

    public NetworkTests()
    {
        _node.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _node.Listen();
        _network = new Network([(_line, ((IPEndPoint)_node.LocalEndPoint!).Port)], () => [null, Environment.ProcessId]);
    }

    [Fact]
    public async Task What_is_sent_over_a_cut_line_arrives_when_the_line_is_healed()
    {
        var (caller, called) = await ConnectAsync();
        _network.Cut(Caller, Called);

        await caller.SendAsync("a"u8.ToArray());
        Assert.False(called.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead));
        _network.HealAll();

        await Eventually.Until("what was held arrives", () => called.Available == 1);
    }

    [Fact]
    public async Task A_line_may_be_cut_in_one_direction()
    {
        var (caller, called) = await ConnectAsync();
        _network.Cut(Called, Caller);

        await called.SendAsync("b"u8.ToArray());
        await caller.SendAsync("a"u8.ToArray());

        await Eventually.Until("the other direction is open", () => called.Available == 1);
        Assert.Equal(0, caller.Available);
    }

    [Fact]
    public async Task Nobody_hears_of_a_hang_up_behind_a_cut_line()
    {
        var (caller, called) = await ConnectAsync();
        _network.Cut(Caller, Called);

        caller.Close();
        Assert.False(called.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead));
        _network.HealAll();

        await Eventually.Until("the line is closed", () => called.Poll(TimeSpan.Zero, SelectMode.SelectRead) && called.Available == 0);
    }

    public void Dispose()
    {
        _network.Dispose();
        _node.Dispose();
    }

    private async Task<(Socket Caller, Socket Called)> ConnectAsync()
    {
        var caller = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await caller.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _line));
        return (caller, await _node.AcceptAsync());
    }
}
