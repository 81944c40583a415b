using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CloneHub.Chaos.Faults;

/// <summary>A call on its way to the real thing.</summary>
internal sealed record Call(MethodInfo Method, object?[] Arguments, Func<object?> Go)
{
    public string Name => Method.Name;
}

/// <summary>Stands before something real as its interface, so that a fault can change, keep back or repeat what goes there.</summary>
internal class Between : DispatchProxy
{
    private object _real = null!;
    private Func<Call, object?> _answer = null!;

    public static T Put<T>(T real, Func<Call, object?> answer)
        where T : class
    {
        var proxy = Create<T, Between>();
        var between = (Between)(object)proxy;
        (between._real, between._answer) = (real, answer);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var arguments = args ?? [];
        return _answer(new Call(targetMethod!, arguments, () => Go(targetMethod!, arguments)));
    }

    private object? Go(MethodInfo method, object?[] arguments)
    {
        try
        {
            return method.Invoke(_real, arguments);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
    }
}

internal static class ServiceDecoration
{
    /// <summary>Puts something in front of every registered <typeparamref name="T"/>.</summary>
    public static IServiceCollection Decorate<T>(this IServiceCollection services, Func<T, IServiceProvider, T> decorate)
        where T : class
    {
        var found = services.Where(service => service.ServiceType == typeof(T)).ToList();
        if (found.Count == 0) throw new InvalidOperationException($"There is no {typeof(T).Name} to decorate.");
        services.RemoveAll<T>();
        foreach (var service in found) services.AddSingleton(provider => decorate((T)Make(service, provider), provider));
        return services;
    }

    private static object Make(ServiceDescriptor service, IServiceProvider provider) =>
        service.ImplementationInstance
        ?? service.ImplementationFactory?.Invoke(provider)
        ?? ActivatorUtilities.CreateInstance(provider, service.ImplementationType!);
}
